#include "controller/cluster/kube_leases.h"

#include <string>

#include "tests/catch.h"
#include "tests/support/scripted_transport.h"

using namespace slipway;
using namespace slipway::cluster;
using namespace std::chrono_literals;

namespace {

std::string lease_text(const std::string& namespace_name, const std::string& name) {
  return R"({"metadata":{"namespace":")" + namespace_name + R"(","name":")" + name +
         R"(","resourceVersion":"1","labels":{"slipway.dev/replica-of":"slipway"}},"spec":{"holderIdentity":"x"}})";
}

std::string list_of(const std::string& items) {
  return R"({"items":[)" + items + "]}";
}

struct World {
  tests::ScriptedTransport transport;
  kube::ApiClient client{transport};
  KubeLeases leases{client, "slipway-system", "slipway"};
};

}  // namespace

TEST_CASE("Another installation is looked for where a cluster role binding of Slipway has a service account") {
  World world;
  world.transport.then(200, {}, list_of(R"({"subjects":[{"kind":"ServiceAccount","name":"s","namespace":"eu"}]},
                                           {"subjects":[{"kind":"Group","name":"g"}]}, {})"));
  world.transport.then(200, {}, list_of(lease_text("eu", "eu-0")));
  world.transport.then(200, {}, list_of(lease_text("slipway-system", "slipway-0")));
  const auto all = world.leases.list_all({}, 4s, {});
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  CHECK(all->at(0).name == "eu-0");
  CHECK(all->at(1).name == "slipway-0");
  const auto& asked = world.transport.requests;
  CHECK(asked[0].url ==
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?labelSelector=slipway.dev%2Finstallation");
  CHECK(asked[1].url == "/apis/coordination.k8s.io/v1/namespaces/eu/leases?labelSelector=slipway.dev%2Freplica-of");
  CHECK(asked[2].url ==
        "/apis/coordination.k8s.io/v1/namespaces/slipway-system/leases?labelSelector=slipway.dev%2Freplica-of");
}

TEST_CASE("What a tenant keeps in a namespace of its own is not read") {
  World world;
  world.transport.then(200, {}, list_of(""));
  world.transport.then(200, {}, list_of(""));
  REQUIRE(world.leases.list_all({}, 4s, {}));
  for (const auto& request : world.transport.requests)
    CHECK_THAT(request.url, Catch::Contains("clusterrolebindings") || Catch::Contains("/namespaces/slipway-system/"));
}

TEST_CASE("It is looked for where one was as well, and there once") {
  World world;
  const bool is_bound = GENERATE(true, false);
  world.transport.then(200, {}, list_of(is_bound ? R"({"subjects":[{"namespace":"eu"}]})" : ""));
  world.transport.then(200, {}, list_of(lease_text("eu", "eu-0")));
  world.transport.then(200, {}, list_of(""));
  const auto all = world.leases.list_all({"eu"}, 4s, {});
  REQUIRE(all);
  CHECK(all->size() == 1);
  CHECK(world.transport.requests.size() == 3);
}

TEST_CASE("Each request by which another installation is looked for has the time of one, however many there are") {
  World world;
  world.transport.then(200, {}, list_of(R"({"subjects":[{"namespace":"eu"},{"namespace":"us"}]})"));
  for (int i = 0; i < 3; ++i) world.transport.then(200, {}, list_of(""));
  REQUIRE(world.leases.list_all({}, 4s, {}));
  for (const auto& request : world.transport.requests) {
    CHECK(request.only_once);
    CHECK(request.total_timeout == 4s);
  }
}

TEST_CASE("Without the right to read the bindings, it is named") {
  World world;
  world.transport.then(403, {}, R"({"kind":"Status","message":"no","code":403})");
  const auto all = world.leases.list_all({}, 4s, {});
  REQUIRE_FALSE(all);
  CHECK(all.error().cls == ErrorClass::Forbidden);
  CHECK_THAT(all.error().remedy,
             Catch::Contains("[rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [list]"));
}

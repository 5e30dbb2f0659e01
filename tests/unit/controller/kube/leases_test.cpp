#include "controller/kube/leases.h"

#include "reconcilers/json.h"
#include "tests/catch.h"
#include "tests/support/scripted_transport.h"

using namespace slipway;
using namespace slipway::kube;
using namespace std::chrono_literals;

namespace {

Lease make_lease() {
  return {.namespace_name = "slipway-system",
          .name = "slipway-0",
          .resource_version = "7",
          .labels = {{"slipway.dev/replica-of", "slipway"}},
          .annotations = {{"slipway.dev/shard-members", "v1 slipway-0"}},
          .holder = "slipway-0_1",
          .duration = 15s,
          .acquired = Timestamp{std::chrono::milliseconds(1'790'000'000'000)},
          .renewed = Timestamp{std::chrono::milliseconds(1'790'000'002'500)},
          .transitions = 2};
}

}  // namespace

TEST_CASE("A Lease is what was written") {
  const Lease lease = make_lease();
  const auto read = lease_from(to_node(lease));
  REQUIRE(read);
  CHECK(*read == lease);
}

TEST_CASE("A Lease that nobody holds names no holder") {
  Lease lease = make_lease();
  lease.holder.clear();
  CHECK(json::at(json::at(to_node(lease), "spec"), "holderIdentity").kind == Node::Kind::Null);
}

TEST_CASE("A request about a Lease is made once, within its time") {
  tests::ScriptedTransport transport;
  ApiClient client(transport);
  Leases leases(client);
  transport.then(200, {}, to_json_text(to_node(make_lease())));
  REQUIRE(leases.update(make_lease(), 4s, {}));
  transport.then(200, {}, R"({"items":[)" + to_json_text(to_node(make_lease())) + "]}");
  REQUIRE(leases.list("slipway-system", "slipway.dev/replica-of=slipway", 3s, {}));
  CHECK(transport.requests[0].only_once);
  CHECK(transport.requests[0].total_timeout == 4s);
  CHECK(transport.requests[1].only_once);
  CHECK(transport.requests[1].total_timeout == 3s);
  CHECK(
      transport.requests[1].url ==
      "/apis/coordination.k8s.io/v1/namespaces/slipway-system/leases?labelSelector=slipway.dev%2Freplica-of%3Dslipway");
}

TEST_CASE("Only the Lease that was seen is removed") {
  tests::ScriptedTransport transport;
  ApiClient client(transport);
  Leases leases(client);
  transport.then(200, {}, "{}");
  CHECK(leases.remove(make_lease(), 4s, {}));
  CHECK(transport.requests[0].url == "/apis/coordination.k8s.io/v1/namespaces/slipway-system/leases/slipway-0");
  CHECK(transport.requests[0].body ==
        R"({"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"resourceVersion":"7"}})");
  transport.then(409, {}, "{}");
  CHECK(leases.remove(make_lease(), 4s, {}).error().cls == ErrorClass::Conflict);
  transport.then(404, {}, R"({"kind":"Status","apiVersion":"v1","status":"Failure","code":404})");
  CHECK(leases.remove(make_lease(), 4s, {}));
}

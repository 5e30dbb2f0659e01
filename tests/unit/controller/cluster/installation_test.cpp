#include "controller/cluster/installation.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "controller/cluster/membership.h"
#include "reconcilers/finalizer.h"
#include "reconcilers/observed.h"
#include "reconcilers/readiness.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/manual_clock.h"
#include "tests/support/raw_server.h"
#include "tests/unit/controller/cluster/cluster_world.h"

using namespace slipway;
using namespace slipway::tests;
using namespace std::chrono_literals;

namespace {

const ObjectKey kStorefront{ResourceKind::ImagePublication, "shop", "storefront"};

/// A replica that has a share of the work, after another one that gave its own back, and a publication whose
/// ContainerRegistry is not there.
struct World : ClusterWorld {
  explicit World(const std::function<void(World&)>& prepare = [](World&) {}) {
    apply(make_publication());
    prepare(*this);
    server.create("/apis/coordination.k8s.io/v1/namespaces/slipway-system/leases/slipway-1",
                  {{"metadata", {{"labels", {{std::string(cluster::kReplicaGroup), "slipway"}}}}}, {"spec", {}}});
    list_all(installation.caches());
    installation.feed(queue);
    for (int steps = 0; steps < 20 && !owns(); ++steps) installation.shards().step({});
    REQUIRE(owns());
  }
  bool owns() { return installation.shards().owns("contoso/shop/storefront"); }
  Outcome visit(const ObjectKey& key = kStorefront) {
    return installation.reconcilers().at(key.kind).get().reconcile(key, {});
  }
  void give_share_back() {
    REQUIRE(installation.shards().release(1s, {}));
    REQUIRE_FALSE(owns());
  }

  ManualClock clock{Timestamp{1000h}};
  telemetry::Log log{clock, {.write = [](const std::string&) {}}};
  telemetry::Metrics metrics{"0"};
  InMemoryRecorder recorder;
  InMemoryProgress progress;
  const std::unique_ptr<assembly::KeptAudit> audit = assembly::no_audit_log();
  const runtime::BootClock steady;
  runtime::WorkQueue queue{steady, metrics, {.backoff = {}, .is_deleted = [this](const ObjectKey& key) {
                                               return installation.is_deleted(key);
                                             }}};
  cluster::Installation installation{{.references = {},
                                      .publisher_id = "a-cluster",
                                      .identity = "slipway-0",
                                      .lease_namespace = "slipway-system",
                                      .lease_group = "slipway",
                                      .network = {}},
                                     client,
                                     *audit,
                                     {log, metrics, recorder, progress, clock}};
};

}  // namespace

TEST_CASE("That what it took over can't be read is told until it can, or is not its own any more") {
  World world;
  CHECK_FALSE(world.installation.fetch_failure());
  world.server.refuse(path_of(kStorefront));
  CHECK(world.visit().kind == Outcome::Kind::Retry);
  const auto failure = world.installation.fetch_failure();
  REQUIRE(failure);
  CHECK(failure->cls == ErrorClass::Forbidden);
  SECTION("it can") {
    world.server.grant(path_of(kStorefront));
    world.visit();
  }
  SECTION("it is not its own any more") {
    world.give_share_back();
  }
  CHECK_FALSE(world.installation.fetch_failure());
}

TEST_CASE("That a status can't be written is told until it can, or the object is not its own any more") {
  World world;
  const std::string status = path_of(kStorefront) + "/status";
  world.server.refuse(status);
  world.visit();
  const auto failure = world.installation.assembly().write_failure();
  REQUIRE(failure);
  CHECK(failure->cls == ErrorClass::Forbidden);
  SECTION("it can") {
    world.server.grant(status);
    world.visit();
    CHECK(
        find_condition(world.installation.caches().publications.find({"shop", "storefront"})->object.status.conditions,
                       kReady) != nullptr);
  }
  SECTION("it is not its own any more") {
    world.give_share_back();
  }
  CHECK_FALSE(world.installation.assembly().write_failure());
}

TEST_CASE(
    "What was deleted while nobody worked on it is taken first, then what was edited or asked for, then what is not "
    "ready") {
  World world([](World& before) {
    before.apply(make_publication("b-edited"));
    for (const std::string name : {"a-ready", "c-deleted", "d-asked", "e-answered", "f-unready", "g-ready"}) {
      ImagePublication made = make_publication(name);
      if (name == "c-deleted") made.metadata.finalizers = {std::string(kFinalizer)};
      if (name == "e-answered") made.metadata.annotations.emplace(kReconcileRequestedAt, "once");
      const ObjectKey key = before.apply(made);
      made.metadata.generation = 1;
      mark_observed(made);
      apply_readiness(made.status.conditions,
                      {name == "f-unready" ? Readiness::Kind::Stalled : Readiness::Kind::Ready, "Because", "of that"},
                      {1, before.clock.now()});
      before.write_as_another(made);
      if (name == "c-deleted") before.server.remove(path_of(key));
      if (name == "d-asked")
        before.server.edit(path_of(key), [](auto& object) {
          object["metadata"]["annotations"][std::string(kReconcileRequestedAt)] = "now";
        });
    }
  });
  const auto taken = [&] {
    std::vector<std::string> names;
    while (const auto key = world.queue.try_take()) {
      names.push_back(key->name);
      world.queue.done(*key);
    }
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(taken() ==
        Names{"c-deleted", "b-edited", "d-asked", "storefront", "f-unready", "a-ready", "e-answered", "g-ready"});
  for (const std::string name : {"a-ready", "f-unready", "g-ready"})
    world.installation.wake({ResourceKind::ImagePublication, "shop", name}, runtime::Priority::Resync);
  CHECK(taken() == Names{"f-unready", "a-ready", "g-ready"});
}

TEST_CASE("A ContainerRegistry that this replica finds Ready again wakes the publications that are not") {
  std::atomic<bool> lets_in = false;
  testing::RawServer host{[&](testing::RawConnection& connection) {
    while (!connection.read_head().empty())
      connection.write(lets_in ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                               : "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  }};
  World world;
  world.visit();
  ContainerRegistry contoso = make_registry();
  contoso.spec.login_server = host.url("").substr(std::string_view("http://").size());
  contoso.spec.plain_http = true;
  const ObjectKey registry = world.apply(contoso);
  world.list_all(world.installation.caches());
  world.installation.assembly().bring_back_through(world.queue);
  const auto waiting = [&] {
    std::vector<ObjectKey> keys;
    while (const auto key = world.queue.try_take()) {
      keys.push_back(*key);
      world.queue.done(*key);
    }
    return keys;
  };
  world.visit(registry);
  waiting();
  lets_in = true;
  world.visit(registry);
  CHECK(waiting() == std::vector{kStorefront});
  world.visit(registry);
  CHECK(waiting().empty());
}

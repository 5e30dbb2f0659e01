#include "controller/cluster/invalid_objects.h"

#include "controller/cluster/object_store.h"
#include "reconcilers/readiness.h"
#include "reconcilers/registry/status.h"
#include "tests/support/in_memory_audit.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/controller/cluster/cluster_world.h"

using namespace slipway;
using namespace slipway::tests;

namespace {

const ObjectKey kStorefront{ResourceKind::ImagePublication, "shop", "storefront"};

class CountingReconciler final : public Reconciler {
 public:
  Outcome reconcile(const ObjectKey&, std::stop_token) override {
    ++visits;
    return {.kind = Outcome::Kind::Again, .delay = std::chrono::seconds{1}};
  }
  int visits = 0;
};

struct World : ClusterWorld {
  World() {
    apply(make_publication());
    apply(make_registry());
    list_all();
  }
  void break_template() {
    server.edit(path_of(kStorefront), [](auto& object) { object["spec"]["tags"][0]["template"] = "{{commit"; });
    list_all();
  }
  /// Published, broken, then deleted.
  void remove_broken(bool is_published = true) {
    REQUIRE(store.set_finalizer(kStorefront, true));
    auto object = store.publication(kStorefront).value()->object;
    if (is_published) object.status.published = PublishedStatus{};
    write_as_another(object);
    break_template();
    server.remove(path_of(kStorefront));
    list_all();
  }
  ImagePublicationStatus status() { return store.publication(kStorefront).value()->object.status; }

  cluster::ObjectStore store{caches, client, {}};
  ManualClock clock{Timestamp(std::chrono::hours{500'000})};
  InMemoryRecorder recorder;
  InMemoryAudit audit;
  CountingReconciler next;
  cluster::InvalidObjects invalid{next, {caches, store, recorder, clock, audit}};
};

/// What `slipway validate` says of it, without the place.
std::string text_of_validate(const InMemoryApiServer::Json& object) {
  auto file = object;
  file.erase("status");
  ParsedResources parsed = parse_resources(file.dump(), "");
  std::erase_if(parsed.problems, [](const Problem& problem) { return problem.warning; });
  REQUIRE(parsed.problems.size() == 1);
  parsed.problems.front().place = {};
  return to_string(parsed.problems.front());
}

}  // namespace

TEST_CASE("An object that is as it should be goes on to its reconciler, and one that is gone") {
  World world;
  CHECK(world.invalid.reconcile(kStorefront, {}).kind == Outcome::Kind::Again);
  CHECK(world.invalid.reconcile({ResourceKind::RetentionPolicy, "shop", "none"}, {}).kind == Outcome::Kind::Again);
  CHECK(world.next.visits == 2);
  CHECK(world.server.writes().empty());
}

TEST_CASE("An object whose spec can't be used is Stalled with the text of validate, and told of once") {
  World world;
  world.break_template();
  CHECK(world.invalid.reconcile(kStorefront, {}) == Outcome{.kind = Outcome::Kind::Stalled, .delay = std::nullopt});
  CHECK(world.next.visits == 0);
  const auto status = world.status();
  CHECK(status.observed_generation == 2);
  const Condition* ready = find_condition(status.conditions, kReady);
  REQUIRE(ready);
  CHECK(ready->status == "False");
  CHECK(ready->reason == "Invalid");
  CHECK(ready->message == text_of_validate(world.server.object(path_of(kStorefront))));
  CHECK(ready->observed_generation == 2);
  REQUIRE(find_condition(status.conditions, kStalled));
  CHECK_FALSE(find_condition(status.conditions, kReconciling));
  CHECK(world.recorder.reasons() == std::vector<std::string>{"Invalid"});

  world.clock.advance(std::chrono::hours{1});
  world.invalid.reconcile(kStorefront, {});
  CHECK(world.server.writes().size() == 1);
  CHECK(world.recorder.events.size() == 1);
}

TEST_CASE("One that is suspended says nothing of what is wrong with it until it is resumed") {
  World world;
  world.break_template();
  world.invalid.reconcile(kStorefront, {});
  world.server.edit(path_of(kStorefront), [](auto& object) { object["spec"]["suspend"] = true; });
  world.list_all();
  CHECK(world.invalid.reconcile(kStorefront, {}) == Outcome{});
  CHECK(world.status().conditions.empty());
  CHECK(world.status().observed_generation == world.store.publication(kStorefront).value()->object.metadata.generation);
  CHECK(world.recorder.reasons() == std::vector<std::string>{"Invalid", "Suspended"});
  const auto writes = world.server.writes().size();
  world.invalid.reconcile(kStorefront, {});
  CHECK(world.server.writes().size() == writes);
  CHECK(world.next.visits == 0);

  world.server.edit(path_of(kStorefront), [](auto& object) { object["spec"]["suspend"] = false; });
  world.list_all();
  world.invalid.reconcile(kStorefront, {});
  CHECK(find_condition(world.status().conditions, kStalled));
}

TEST_CASE("What a rule of safety forbids is Refused") {
  World world;
  world.server.edit(path_of(kStorefront),
                    [](auto& object) { object["spec"]["source"] = {{"ociArchive", {{"path", "./image.tar"}}}}; });
  world.list_all();
  world.invalid.reconcile(kStorefront, {});
  CHECK(find_condition(world.status().conditions, kReady)->reason == "Refused");
}

TEST_CASE("Once it is corrected its reconciler has it again") {
  World world;
  world.break_template();
  world.invalid.reconcile(kStorefront, {});
  world.server.edit(path_of(kStorefront), [](auto& object) { object["spec"]["tags"][0]["template"] = "{{commit}}"; });
  world.list_all();
  world.invalid.reconcile(kStorefront, {});
  CHECK(world.next.visits == 1);
}

TEST_CASE("One that is deleted while it is invalid is let go, and its tags stay") {
  World world;
  world.remove_broken();
  CHECK(world.invalid.reconcile(kStorefront, {}) == Outcome{});
  CHECK(world.server.object(path_of(kStorefront)).is_null());
  CHECK(world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
  CHECK(world.next.visits == 0);
  REQUIRE(world.audit.entries.size() == 1);
  const auto& entry = world.audit.entries.front();
  CHECK(entry.what.action == AuditAction::LeaveTags);
  CHECK(entry.what.registry == "registry.example");
  CHECK(entry.what.repository == "shop/storefront");
  CHECK(entry.what.why == "deleted while its spec is invalid: its tags stay");
  CHECK(entry.who.object == kStorefront);
  CHECK_FALSE(entry.who.uid.empty());
  CHECK(entry.how == "Done");
}

TEST_CASE("One that is deleted while it is invalid and never published anything is let go without a word") {
  World world;
  world.remove_broken(false);
  CHECK(world.invalid.reconcile(kStorefront, {}) == Outcome{});
  CHECK(world.server.object(path_of(kStorefront)).is_null());
  CHECK(world.audit.entries.empty());
  CHECK(world.recorder.events.empty());
}

TEST_CASE("One that is deleted while it is invalid waits for the audit log, and no longer than ten minutes") {
  World world;
  world.remove_broken();
  world.audit.failure = Error{.cls = ErrorClass::Unavailable, .message = "no room", .remedy = "make some"};
  const auto deleted_at = world.store.publication(kStorefront).value()->object.metadata.deletion_timestamp;
  world.clock.advance(*deleted_at - world.clock.now());
  CHECK(world.invalid.reconcile(kStorefront, {}).kind == Outcome::Kind::Again);
  CHECK(world.recorder.events.empty());
  world.clock.advance(std::chrono::minutes{10});
  CHECK(world.invalid.reconcile(kStorefront, {}) == Outcome{});
  CHECK(world.server.object(path_of(kStorefront)).is_null());
  REQUIRE(world.recorder.events.size() == 1);
  CHECK_THAT(world.recorder.events.front().message, Catch::Contains("not in the audit log: no room"));
}

TEST_CASE("The other kinds are Stalled in the same way") {
  World world;
  const ObjectKey contoso{ResourceKind::ContainerRegistry, "", "contoso"};
  world.server.edit(path_of(contoso), [](auto& object) { object["spec"]["access"][0]["repositories"] = {"["}; });
  world.list_all();
  CHECK(world.invalid.reconcile(contoso, {}).kind == Outcome::Kind::Stalled);
  CHECK(world.next.visits == 0);
  CHECK(world.server.object(path_of(contoso))["status"]["observedGeneration"] == 2);
}

TEST_CASE("A ContainerRegistry of which one access entry can't be used says that the others are in force") {
  World world;
  const ObjectKey contoso{ResourceKind::ContainerRegistry, "", "contoso"};
  const bool is_floor = GENERATE(true, false);
  auto before = *world.store.registry("contoso").value();
  for (const auto type : {registry::kReachable, registry::kAuthenticated})
    set_condition(before.status.conditions, make_condition(type, true, "Succeeded", "it did", {1, world.clock.now()}));
  before.status.identity = "basic user ci";
  before.status.last_checked_at = world.clock.now();
  REQUIRE(world.store.write_status(before));
  world.server.edit(path_of(contoso), [is_floor](auto& object) {
    auto& entry = object["spec"]["access"][0];
    entry["repositories"] = {"two/{a,b}"};
    entry.erase("gates");
    if (is_floor) entry["gates"]["scan"]["allowUpTo"] = "Low";
  });
  world.list_all();
  CHECK(world.invalid.reconcile(contoso, {}).kind == Outcome::Kind::Stalled);
  const Condition* ready =
      find_condition(world.caches.registries.find({{}, "contoso"})->object.status.conditions, kReady);
  REQUIRE(ready != nullptr);
  CHECK(ready->reason == "Invalid");
  CHECK_THAT(ready->message, Catch::Contains("spec.access[0].repositories[0]"));
  CHECK(ready->message.contains("the others are in force") != is_floor);
  // Nobody looks any more.
  const auto& status = world.caches.registries.find({{}, "contoso"})->object.status;
  CHECK(find_condition(status.conditions, registry::kReachable) == nullptr);
  CHECK(find_condition(status.conditions, registry::kAuthenticated) == nullptr);
  CHECK(status.identity.empty());
  CHECK_FALSE(status.last_checked_at);
}

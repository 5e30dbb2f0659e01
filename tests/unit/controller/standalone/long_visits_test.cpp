#include "controller/standalone/long_visits.h"

#include "controller/standalone/open_requests.h"
#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"
#include "tests/catch.h"
#include "tests/support/builders.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

namespace slipway::standalone {

namespace {

using namespace std::chrono_literals;

/// A visit that does what the test says.
class ScriptedReconciler final : public Reconciler {
 public:
  Outcome reconcile(const ObjectKey&, std::stop_token) override {
    work();
    return {};
  }
  std::function<void()> work;
};

struct World {
  World() { objects.apply(publication); }

  void visit(std::function<void()> work) {
    inner.work = std::move(work);
    reconciler.reconcile(key_of(publication), {});
  }
  void wait(std::chrono::milliseconds time) {
    steady.advance(time);
    visits.mark_due();
  }
  const ImagePublicationStatus& status() { return objects.stored(key_of(publication)).status; }
  const Condition* shown() { return find_condition(status().conditions, kReconciling); }

  const ImagePublication publication = tests::make_publication();
  tests::InMemoryObjects objects;
  tests::ManualSteadyClock steady;
  tests::ManualClock clock{Timestamp{}};
  std::set<std::string> hosts;
  LongVisits visits{{objects, objects, clock, steady, [this](const std::string&) { return hosts; }}};
  ScriptedReconciler inner;
  WatchedReconciler reconciler{inner, visits};
};

}  // namespace

TEST_CASE("a visit that hangs shows after two seconds, and for whom it waits; a short one writes nothing") {
  World world;
  world.visit([&] {
    world.hosts = {"ghcr.io"};
    world.wait(1999ms);
    CHECK(world.objects.written.empty());
    world.wait(1ms);
    REQUIRE(world.shown());
    CHECK(world.shown()->status == "True");
    CHECK(world.shown()->reason == reason::kProgressing);
    CHECK(world.shown()->message == "waiting for ghcr.io");
    world.wait(1h);
    CHECK(world.objects.written.size() == 1);
  });
}

TEST_CASE("the mark of a visit that found nothing to write is taken back") {
  World world;
  auto stalled = world.publication;
  apply_readiness(stalled.status.conditions, {Readiness::Kind::Stalled, "Refused", "no"}, {1, Timestamp{}});
  world.objects.stored(key_of(stalled)).status = stalled.status;
  const auto before = world.status();
  world.visit([&] { world.wait(2s); });
  CHECK(world.status() == before);
}

TEST_CASE("what the visit writes stays, and is not marked again") {
  World world;
  world.visit([&] {
    world.wait(2s);
    auto done = world.objects.stored(key_of(world.publication));
    apply_readiness(done.status.conditions, {Readiness::Kind::Ready, "Succeeded", "done"}, {1, Timestamp{}});
    REQUIRE(world.visits.write_status(done));
    world.wait(1h);
  });
  CHECK_FALSE(world.shown());
  CHECK(find_condition(world.status().conditions, kReady)->status == "True");
}

TEST_CASE("what shows already that it goes on is left, what was said of an earlier generation is not") {
  World world;
  const auto generation = world.objects.stored(key_of(world.publication)).metadata.generation;
  const auto said_for = generation - GENERATE(0, 1);
  auto& stored = world.objects.stored(key_of(world.publication));
  apply_readiness(stored.status.conditions, {Readiness::Kind::Reconciling, "Unavailable", "away"},
                  {said_for, Timestamp{}});
  world.visit([&] { world.wait(2s); });
  CHECK(world.objects.written.empty() == (said_for == generation));
}

TEST_CASE("an edit in the middle of a visit keeps what it says") {
  World world;
  world.visit([&] {
    world.wait(2s);
    auto edited = world.publication;
    edited.spec.build.version = "1.9.0";
    world.objects.apply(edited);
  });
  CHECK(world.objects.stored(key_of(world.publication)).spec.build.version == "1.9.0");
}

TEST_CASE("ten thousand visits that find all as it is write nothing") {
  World world;
  for (int i = 0; i < 10'000; ++i) world.visit([&] { world.wait(1ms); });
  CHECK(world.objects.written.empty());
}

TEST_CASE("the next look is when the first visit becomes long") {
  World world;
  CHECK(world.visits.mark_due() == world.steady.now() + 2s);
  world.visit([&] {
    world.steady.advance(500ms);
    CHECK(world.visits.mark_due() == world.steady.now() + 1500ms);
  });
}

TEST_CASE("hosts are open from the first request to them until the last answer") {
  OpenRequests open;
  open.began("a", "ghcr.io");
  open.began("a", "ghcr.io");
  open.began("b", "quay.io");
  open.ended("a", "ghcr.io");
  CHECK(open.hosts("a") == std::set<std::string>{"ghcr.io"});
  open.ended("a", "ghcr.io");
  open.ended("a", "ghcr.io");
  CHECK(open.hosts("a").empty());
  CHECK(open.hosts("b") == std::set<std::string>{"quay.io"});
}

}  // namespace slipway::standalone

#include "controller/assembly/long_visits.h"

#include <latch>
#include <stdexcept>
#include <thread>
#include <utility>

#include "controller/assembly/open_requests.h"
#include "reconcilers/observed.h"
#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"
#include "tests/catch.h"
#include "tests/support/builders.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

namespace slipway::assembly {

namespace {

using namespace std::chrono_literals;

/// A visit that does what the test says.
class ScriptedReconciler final : public Reconciler {
 public:
  Outcome reconcile(const ObjectKey&, std::stop_token) override {
    work();
    return outcome;
  }
  std::function<void()> work;
  Outcome outcome;
};

struct World {
  World() { objects.apply(publication); }

  Outcome visit(std::function<void()> work) {
    inner.work = std::move(work);
    return reconciler.reconcile(key_of(publication), stop.get_token());
  }
  void wait(std::chrono::milliseconds time) {
    steady.advance(time);
    visits.mark_due();
  }
  /// As a visit left it: what it says is of the object's generation and of nothing that is under way.
  ImagePublication& say_last(Readiness::Kind kind) {
    auto& stored = objects.stored(key_of(publication));
    apply_readiness(stored.status.conditions, {kind, "Reason", "as it is"}, {stored.metadata.generation, Timestamp{}});
    mark_observed(stored);
    return stored;
  }
  const ImagePublicationStatus& status() { return objects.stored(key_of(publication)).status; }
  const Condition* shown() { return find_condition(status().conditions, kReconciling); }

  const ImagePublication publication = tests::make_publication();
  std::stop_source stop;
  tests::InMemoryObjects objects;
  tests::ManualSteadyClock steady;
  tests::ManualClock clock{Timestamp{}};
  std::set<std::string> hosts;
  runtime::SteadyClock::Time hosts_since = steady.now();
  std::vector<std::string> told;
  LongVisits visits{
      {objects,
       [this](const ObjectKey& key) -> std::optional<ImagePublication> {
         const auto found = objects.publication(key);
         return found && *found ? std::optional((*found)->object) : std::nullopt;
       },
       objects, clock, steady,
       [this](const std::string&, auto latest) { return hosts_since <= latest ? hosts : std::set<std::string>{}; },
       [this](const ObjectKey& key, const std::string& to) { told.push_back(key.name + " " + to); }}};
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

TEST_CASE("a look at what is done or stalled and nobody asked for is not shown, however long it takes") {
  World world;
  world.say_last(GENERATE(Readiness::Kind::Ready, Readiness::Kind::Stalled));
  world.hosts = {"ghcr.io"};
  world.visit([&] { world.wait(1h); });
  CHECK(world.objects.written.empty());
  CHECK_FALSE(world.told.empty());
}

TEST_CASE("a long visit to what is done is shown from when it has something to do, or somebody waits for it") {
  World world;
  auto& stored = world.say_last(Readiness::Kind::Ready);
  SECTION("it found something soon") {
    world.visit([&] {
      REQUIRE(world.visits.write_status(stored));
      world.wait(2s);
      REQUIRE(world.shown());
    });
  }
  SECTION("it found something late, and what it wrote of that says so") {
    world.visit([&] {
      world.wait(5s);
      auto started = stored;
      apply_progress(started.status.conditions, "sending", {stored.metadata.generation, Timestamp{}});
      REQUIRE(world.visits.write_status(started));
      world.wait(1h);
      CHECK(world.shown()->message == "sending");
      CHECK(world.objects.written.size() == 1);
    });
  }
  SECTION("what it found late is its last word") {
    world.visit([&] {
      world.wait(5s);
      auto refused = stored;
      apply_readiness(refused.status.conditions, {Readiness::Kind::Stalled, "Reason", "another"},
                      {stored.metadata.generation, Timestamp{}});
      REQUIRE(world.visits.write_status(refused));
      world.wait(1h);
      CHECK(world.objects.written.size() == 1);
    });
  }
  SECTION("it is edited, asked for or deleted meanwhile") {
    world.visit([&] {
      world.wait(5s);
      switch (GENERATE(0, 1, 2)) {
        case 0:
          ++stored.metadata.generation;
          break;
        case 1:
          stored.metadata.annotations.emplace(kReconcileRequestedAt, "now");
          break;
        default:
          stored.metadata.deletion_timestamp = Timestamp{};
      }
      world.wait(1ms);
      CHECK(world.shown());
    });
  }
  SECTION("a process that ended left it in the middle") {
    stored.status.attempt = AttemptStatus{};
    world.visit([&] {
      world.wait(2s);
      CHECK(world.shown());
    });
  }
}

TEST_CASE("the mark of a visit that found nothing to write is taken back") {
  World world;
  world.say_last(Readiness::Kind::Stalled).status.observed_generation = 0;
  const auto before = world.status();
  world.visit([&] {
    world.wait(2s);
    CHECK(world.shown());
  });
  CHECK(world.status() == before);
}

TEST_CASE("a visit whose mark can't be taken back now is made again soon, whatever came of it") {
  World world;
  world.inner.outcome = {.kind = Outcome::Kind::Again, .delay = 10min};
  const auto visit = [&](const Result<void>& answer) {
    world.objects.before_write = nullptr;
    return world.visit([&world, answer] {
      world.wait(2s);
      world.objects.before_write = [answer] { return answer; };
    });
  };
  SECTION("by who does not answer") {
    CHECK(visit(fail(ErrorClass::Unavailable, "away")) == Outcome{.kind = Outcome::Kind::Retry});
    CHECK(world.shown());
  }
  SECTION("not for an edit, which has a visit of its own") {
    CHECK(visit(fail(ErrorClass::Conflict, "newer")) == world.inner.outcome);
  }
  SECTION("not where it is taken back") {
    CHECK(visit({}) == world.inner.outcome);
    CHECK_FALSE(world.shown());
  }
}

TEST_CASE("a mark that can't be taken back because of a bug is that visit's failure, not the program's end") {
  World world;
  const auto visit = [&] {
    world.visit([&] {
      world.wait(2s);
      world.objects.before_write = []() -> Result<void> { throw std::runtime_error("a bug"); };
    });
  };
  CHECK_THROWS_AS(visit(), std::runtime_error);
  CHECK(world.visits.hosts_of(key_of(world.publication)).empty());
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

TEST_CASE("a visit that is cut short leaves whom it waited for, unless the object is ready") {
  World world;
  const bool is_ready = GENERATE(false, true);
  auto before = world.status();
  if (is_ready) apply_readiness(before.conditions, {Readiness::Kind::Ready, "Succeeded", "done"}, {1, Timestamp{}});
  world.objects.stored(key_of(world.publication)).status = before;
  world.hosts = {"ghcr.io"};
  world.visit([&] {
    world.wait(2s);
    CHECK(world.visits.hosts_of(key_of(world.publication)) == "ghcr.io");
    world.stop.request_stop();
  });
  CHECK((world.shown() == nullptr) == is_ready);
  CHECK(world.visits.hosts_of(key_of(world.publication)).empty());
  world.stop = {};
  world.hosts = {"quay.io"};
  world.visit([&] {
    world.wait(2s);
    CHECK(world.shown()->message == "waiting for quay.io");
  });
}

TEST_CASE("people are told whom a visit waits for after two seconds, then every thirty") {
  World world;
  world.hosts = {"ghcr.io", "quay.io"};
  world.visit([&] {
    world.wait(1999ms);
    CHECK(world.told.empty());
    world.wait(1ms);
    CHECK(world.told == std::vector<std::string>{"storefront ghcr.io, quay.io"});
    world.wait(29'999ms);
    CHECK(world.told.size() == 1);
    world.wait(1ms);
    CHECK(world.told.size() == 2);
    world.hosts = {"quay.io"};
    world.wait(1ms);
    CHECK(world.told.back() == "storefront quay.io");
  });
  world.visit([&] { world.wait(2s); });
  CHECK(world.told.size() == 3);
}

TEST_CASE("nobody is told of a request that is answered soon, nor while bytes move") {
  World world;
  world.hosts = {"ghcr.io"};
  world.visit([&] {
    world.wait(1min);
    world.told.clear();
    world.hosts_since = world.steady.now();
    world.hosts = {"quay.io"};
    world.wait(1999ms);
    CHECK(world.told.empty());
    world.visits.moved(key_of(world.publication));
    world.wait(1999ms);
    CHECK(world.told.empty());
    world.wait(1ms);
    CHECK(world.told.size() == 1);
  });
}

TEST_CASE("a host that takes what is sent to it is not waited for") {
  World world;
  world.hosts = {"ghcr.io"};
  world.visit([&] {
    const auto waited_for = [&] { return world.visits.hosts_of(key_of(world.publication)); };
    world.wait(1s);
    CHECK(waited_for() == "ghcr.io");
    world.visits.moved(key_of(world.publication));
    world.wait(1999ms);
    CHECK(waited_for().empty());
    world.wait(1ms);
    CHECK(waited_for() == "ghcr.io");
  });
}

TEST_CASE("a mark that is being written holds back nobody else's write") {
  World world;
  auto other = world.publication;
  other.metadata.name = "other";
  world.objects.apply(other);
  other = world.objects.stored(key_of(other));
  std::latch is_writing{1};
  std::latch may_go_on{1};
  bool is_first = true;
  world.objects.before_write = [&]() -> Result<void> {
    if (!std::exchange(is_first, false)) return {};
    is_writing.count_down();
    may_go_on.wait();
    return {};
  };
  world.visit([&] {
    world.steady.advance(2s);
    const std::jthread marks{[&] { world.visits.mark_due(); }};
    is_writing.wait();
    other.status.observed_generation = 1;
    CHECK(world.visits.write_status(other));
    world.visits.moved(key_of(world.publication));
    may_go_on.count_down();
  });
  CHECK(world.objects.stored(key_of(other)).status.observed_generation == 1);
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
  using namespace std::chrono_literals;
  const tests::ManualSteadyClock steady;
  OpenRequests open;
  open.began("a", "ghcr.io", steady.now());
  open.began("a", "ghcr.io", steady.now());
  open.began("b", "quay.io", steady.now());
  CHECK(open.hosts("b", steady.now() - 1ns).empty());
  open.ended("a", "ghcr.io");
  CHECK(open.hosts("a") == std::set<std::string>{"ghcr.io"});
  open.ended("a", "ghcr.io");
  open.ended("a", "ghcr.io");
  CHECK(open.hosts("a").empty());
  CHECK(open.hosts("b") == std::set<std::string>{"quay.io"});
}

}  // namespace slipway::assembly

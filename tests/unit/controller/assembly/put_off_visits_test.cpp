#include "controller/assembly/put_off_visits.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

namespace slipway::assembly {

namespace {

using namespace std::chrono_literals;

const Result<http::Response> kAnswer = http::Response{.status = 200};
const Result<http::Response> kNone = fail(ErrorClass::Unavailable, "timed out", "wait");
const Outcome kPutOff{.kind = Outcome::Kind::PutOff, .delay = 5min};

ObjectKey key(const std::string& name) {
  return {ResourceKind::ImagePublication, "shop", name};
}

/// A visit that does what the test says.
class ScriptedReconciler final : public Reconciler {
 public:
  Outcome reconcile(const ObjectKey&, std::stop_token) override { return work(); }
  std::function<Outcome()> work;
};

struct World {
  World() { visits.bring_back_through(queue); }

  std::shared_ptr<registry::HostSilence> host(const std::string& name) {
    return std::make_shared<registry::HostSilence>(name, registry::HostSilence::Hands{clock, visits});
  }
  /// What becomes of a request of `visit` after a minute.
  void ask(
      registry::HostSilence& host, const std::string& visit, const Result<http::Response>& result = kNone,
      const std::function<void()>& meanwhile = [] {}) {
    auto place = host.enter(visit);
    REQUIRE(place);
    clock.advance(60s);
    meanwhile();
    place->over({}, result);
  }
  /// A visit of that name, which is its id too, in which `work` happens.
  void visit(const std::string& name, const std::function<Outcome()>& work) {
    inner.work = work;
    const telemetry::ReconcileScope scope{name};
    reconciler.reconcile(key(name), {});
  }
  void visit_in_vain(const std::string& name, registry::HostSilence& host) {
    visit(name, [&] { return host.enter(name) ? Outcome{} : kPutOff; });
  }
  /// As a worker does that finds the host silent.
  void take_in_vain(const std::string& name, registry::HostSilence& host) {
    REQUIRE(queue.try_take() == key(name));
    visit_in_vain(name, host);
    queue.put_off(key(name), 5min);
    queue.done(key(name));
  }
  /// Whom the queue gives out now.
  std::vector<std::string> brought_back() {
    std::vector<std::string> names;
    while (const auto next = queue.try_take()) {
      names.push_back(next->name);
      queue.done(*next);
    }
    return names;
  }

  tests::ManualSteadyClock clock;
  tests::ManualClock date{Timestamp{}};
  std::string lines;
  telemetry::Log log{date, {.write = [this](const std::string& line) { lines += line + '\n'; }}};
  runtime::WorkWatcher nobody;
  runtime::WorkQueue queue{clock, nobody, {}};
  PutOffVisits visits{log, clock, [](const ObjectKey& asked) { return asked.name == "unready"; }};
  ScriptedReconciler inner;
  PutOffReconciler reconciler{inner, visits};
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("who was put off first comes when a silent host is free, all who were when it answers") {
  World world;
  const auto host = world.host("r.io");
  const auto other = world.host("other.io");
  world.ask(*host, "");
  world.ask(*other, "");
  world.ask(*host, "x", kNone, [&] {
    for (const auto* name : {"c", "a", "b", "d"}) {
      world.clock.advance(1s);
      world.visit_in_vain(name, *host);
    }
    world.ask(*other, "y", kNone, [&] { world.visit_in_vain("e", *other); });
    CHECK(world.brought_back() == Names{"e"});
  });
  CHECK(world.brought_back() == Names{"c"});
  world.ask(*host, "x", kNone, [&] {
    world.visit("a", [] { return Outcome{}; });  // It goes elsewhere now.
    world.ask(*other, "y", kNone, [&] { world.visit_in_vain("e", *other); });
    world.brought_back();
    world.ask(*host, "", kAnswer);
    CHECK(world.brought_back() == Names{"b", "d"});
  });
  CHECK(world.brought_back().empty());
}

TEST_CASE("when a silent host answers edits come first, then what is not ready, whoever was put off before") {
  World world;
  const auto host = world.host("r.io");
  world.ask(*host, "");
  world.ask(*host, "x", kAnswer, [&] {
    for (const auto* name : {"look", "unready"}) {
      world.queue.add(key(name), runtime::Priority::Resync);
      world.take_in_vain(name, *host);
    }
    world.queue.add(key("edit"), runtime::Priority::Edit);
    world.take_in_vain("edit", *host);
  });
  CHECK(world.brought_back() == Names{"edit", "unready", "look"});
}

TEST_CASE("who is given a free turn comes before looks that are due: those behind it wait for it") {
  World world;
  const auto host = world.host("r.io");
  world.ask(*host, "");
  world.queue.add(key("elsewhere"), runtime::Priority::Resync);
  world.clock.advance(1s);
  world.ask(*host, "x", kNone, [&] { world.visit_in_vain("first", *host); });
  CHECK(world.brought_back() == Names{"first", "elsewhere"});
}

TEST_CASE("a free turn that nobody needs whom it was given to goes on to the next") {
  World world;
  const auto host = world.host("r.io");
  world.ask(*host, "");
  world.ask(*host, "x", kNone, [&] {
    for (const auto* name : {"a", "b", "c"}) world.visit_in_vain(name, *host);
  });
  CHECK(world.brought_back() == Names{"a"});
  world.visit("a", [] { return Outcome{}; });
  CHECK(world.brought_back() == Names{"b"});
  world.visit("b", [&] {
    world.ask(*host, "b");
    return Outcome{.kind = Outcome::Kind::Retry, .delay = {}};
  });
  CHECK(world.brought_back() == Names{"c"});
}

TEST_CASE("who was put off by a host that is free, or answered, before its visit was over comes at once") {
  const bool is_over = GENERATE(false, true);
  World world;
  const auto host = world.host("r.io");
  world.ask(*host, "");
  world.visit("a", [&] {
    world.ask(*host, "x", is_over ? kAnswer : kNone, [&] { CHECK_FALSE(host->enter("a")); });
    return kPutOff;
  });
  CHECK(world.brought_back() == Names{"a"});
}

TEST_CASE("who went on without what was kept from them, or threw, is not brought back") {
  World world;
  const auto host = world.host("r.io");
  world.ask(*host, "");
  world.ask(*host, "x", kAnswer, [&] {
    world.visit("a", [&] {
      CHECK_FALSE(host->enter("a"));
      return Outcome{.kind = Outcome::Kind::Again, .delay = 1h};
    });
    CHECK_THROWS(world.visit("b", [&]() -> Outcome {
      CHECK_FALSE(host->enter("b"));
      throw std::runtime_error("a bug");
    }));
    world.visit("b", [] { return kPutOff; });
  });
  CHECK(world.brought_back().empty());
}

TEST_CASE("the log tells of both ends of a silence, and how many waited") {
  World world;
  const auto host = world.host("r.io");
  world.ask(*host, "");
  world.ask(*host, "x", kAnswer, [&] { world.visit_in_vain("a", *host); });
  CHECK_THAT(world.lines, Catch::Contains("r.io gives no answer in time: one resource at a time asks it"));
  CHECK_THAT(world.lines, Catch::Contains("r.io no longer keeps requests waiting"));
  CHECK_THAT(world.lines, Catch::Contains(R"("broughtBack":1)"));
}

}  // namespace slipway::assembly

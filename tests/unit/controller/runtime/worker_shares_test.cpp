#include "controller/runtime/worker_shares.h"

#include "controller/runtime/work_queue.h"
#include "tests/catch.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

using namespace std::chrono_literals;
using namespace slipway;
using namespace slipway::runtime;

namespace {

using Taken = std::optional<ObjectKey>;

/// A queue of keys of which each name ends with the host that it goes to: "1@r.io".
struct Hosts {
  explicit Hosts(std::size_t workers) : queue(clock, watcher, options(workers)) {}

  static WorkQueue::Options options(std::size_t workers) {
    return {.backoff = {}, .seed = 1, .workers = workers, .host_of = [](const ObjectKey& key) {
              return key.name.substr(key.name.find('@') + 1);
            }};
  }
  static ObjectKey of(const std::string& space, const std::string& host, int number = 0) {
    return {ResourceKind::ImagePublication, space, std::to_string(number) + '@' + host};
  }
  void add(const std::string& space, const std::string& host, int keys = 9) {
    for (int i = 0; i < keys; ++i) queue.add(of(space, host, i), Priority::Edit);
  }
  /// As many as are given out, of which none ends.
  std::size_t hang() {
    std::size_t taken = 0;
    while (queue.try_take()) ++taken;
    return taken;
  }

  tests::ManualSteadyClock clock;
  WorkWatcher watcher;
  WorkQueue queue;
};

}  // namespace

TEST_CASE("a registry at which every visit hangs holds half of the workers, in however many namespaces") {
  Hosts world(16);
  world.queue.add_after(Hosts::of("team", "well.io"), 1h);
  for (int i = 0; i < 24; ++i) world.add("n" + std::to_string(i), "dead.io", 6);
  CHECK(world.hang() == 8);
  world.add("new", "well.io", 1);
  CHECK(world.queue.try_take() == Hosts::of("new", "well.io"));
  world.clock.advance(1h);
  CHECK(world.queue.try_take() == Hosts::of("team", "well.io"));
  world.queue.done(Hosts::of("n0", "dead.io"));
  CHECK(world.hang() == 1);
}

TEST_CASE("a registry that is the only one has all workers, as one that is not known") {
  const std::string host = GENERATE("only.io", "");
  Hosts world(8);
  if (host.empty()) world.queue.add_after(Hosts::of("team", "other.io"), 1h);
  for (const char* space : {"a", "b"}) world.add(space, host);
  CHECK(world.hang() == (host.empty() ? 6 : 7));
  world.add("new", host, 1);
  CHECK(world.queue.try_take() == Hosts::of("new", host));
}

TEST_CASE("the last free worker is for a registry that has none") {
  Hosts world(8);
  world.queue.add_after(Hosts::of("team", "well.io"), 1h);
  for (int i = 0; i < 9; ++i) {
    world.add("a" + std::to_string(i), "dead.io");
    world.add("b" + std::to_string(i), "slow.io");
  }
  CHECK(world.hang() == 7);
  world.clock.advance(1h);
  CHECK(world.queue.try_take() == Hosts::of("team", "well.io"));
}

TEST_CASE("a namespace whose sources hang takes no registry's share from the others") {
  Hosts world(8);
  world.queue.add_after(Hosts::of("later", "other.io"), 1h);
  SECTION("of which one is known") {
    world.queue.add_after(Hosts::of("team", "r.io"), 1h);
    world.add("rival", "r.io");
    CHECK(world.hang() == 2);
    world.clock.advance(1h);
    CHECK(world.queue.try_take());
    CHECK(world.queue.try_take());
  }
  SECTION("of which none is known yet") {
    world.add("rival", "r.io");
    CHECK(world.hang() == 3);
    world.add("new", "r.io", 1);
    CHECK(world.queue.try_take() == Hosts::of("new", "r.io"));
  }
  SECTION("with a second one, at two registries, while a third has no worker") {
    for (const char* rival : {"rival", "other"})
      for (const char* host : {"r.io", "s.io"}) world.add(rival, host);
    CHECK(world.hang() == 6);
    const std::string host = GENERATE("r.io", "s.io");
    world.add("new", host, 1);
    CHECK(world.queue.try_take() == Hosts::of("new", host));
    world.clock.advance(1h);
    CHECK(world.queue.try_take() == Hosts::of("later", "other.io"));
  }
}

TEST_CASE("what belongs to no namespace counts for its registry, and makes none known") {
  const auto registry = [](const std::string& name) { return ObjectKey{ResourceKind::ContainerRegistry, "", name}; };
  Hosts world(8);
  world.queue.add_after(registry("0@unused.io"), 1h);
  SECTION("of one that is unused nobody is held back") {
    world.add("team", "r.io");
    CHECK(world.hang() == 7);
  }
  SECTION("many that hang at one leave the rest") {
    world.queue.add_after(Hosts::of("team", "well.io"), 1h);
    for (int i = 0; i < 24; ++i) world.queue.add(registry(std::to_string(i) + "@dead.io"), Priority::Edit);
    CHECK(world.hang() == 3);
  }
}

TEST_CASE("where a key goes is asked whenever it is added, and what runs ends as it began") {
  tests::ManualSteadyClock clock;
  WorkWatcher watcher;
  std::string host = "dead.io";
  WorkQueue queue{clock, watcher, {.backoff = {}, .seed = 1, .workers = 2, .host_of = [&](const ObjectKey& asked) {
                                     return asked.namespace_name == "pay" ? "well.io" : host;
                                   }}};
  queue.add_after({ResourceKind::ImagePublication, "pay", "x"}, 1h);
  queue.add({ResourceKind::ImagePublication, "a", "x"}, Priority::Edit);
  const ObjectKey moved{ResourceKind::ImagePublication, "b", "x"};
  queue.add(moved, Priority::Resync);
  REQUIRE(queue.try_take());
  CHECK(queue.try_take() == Taken{});
  host = "new.io";
  queue.add(moved, Priority::Resync);
  REQUIRE(queue.try_take() == moved);
  host = "third.io";
  queue.add(moved, Priority::Edit);
  queue.done(moved);
  queue.done({ResourceKind::ImagePublication, "a", "x"});
  CHECK(queue.try_take() == moved);
  queue.done(moved);
  // Nothing is left of where it went before.
  queue.add({ResourceKind::ImagePublication, "a", "y"}, Priority::Edit);
  CHECK(queue.try_take());
  clock.advance(1h);
  CHECK(queue.try_take());
  CHECK(queue.statistics()[ResourceKind::ImagePublication].running == 2);
}

TEST_CASE("an edit in a namespace that has a visit waits until that ends, and then for no look") {
  Hosts world(8);
  const ObjectKey large = Hosts::of("team", "", 0), edited = Hosts::of("team", "", 1);
  world.queue.add(large, Priority::Resync);
  for (int i = 0; i < 20; ++i) world.queue.add(Hosts::of("n" + std::to_string(i), ""), Priority::Resync);
  for (int i = 0; i < 8; ++i) REQUIRE(world.queue.try_take());
  world.queue.add(edited, Priority::Edit);
  world.queue.done(Hosts::of("n0", ""));
  CHECK(world.queue.try_take() == Hosts::of("n7", ""));
  world.queue.done(large);
  CHECK(world.queue.try_take() == edited);
}

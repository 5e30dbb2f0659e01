#include "controller/runtime/work_queue.h"

#include <algorithm>
#include <set>
#include <thread>

#include "tests/catch.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

using namespace std::chrono_literals;
using namespace slipway;
using namespace slipway::runtime;

namespace {

ObjectKey key(const std::string& name) {
  return {ResourceKind::ImagePublication, "shop", name};
}

struct CountingWatcher final : WorkWatcher {
  void added(ResourceKind) override { ++adds; }
  void retried(const ObjectKey&, std::chrono::milliseconds delay) override {
    ++retries;
    last_delay = delay;
  }
  void taken(ResourceKind, std::chrono::nanoseconds waited) override { last_wait = waited; }
  int adds = 0, retries = 0;
  std::chrono::nanoseconds last_wait{};
  std::chrono::milliseconds last_delay{};
};

struct World {
  tests::ManualSteadyClock clock;
  CountingWatcher watcher;
  WorkQueue queue{clock, watcher, {.backoff = {.first = 1s, .longest = 4s, .jitter = 0}, .seed = 1}};
  QueueStatistics statistics() { return queue.statistics()[ResourceKind::ImagePublication]; }
};

using Taken = std::optional<ObjectKey>;

}  // namespace

TEST_CASE("a key added twice is given out once") {
  World world;
  world.queue.add(key("a"), Priority::Edit);
  world.queue.add(key("a"), Priority::Edit);
  CHECK(world.queue.try_take() == key("a"));
  CHECK(world.queue.try_take() == Taken{});
  CHECK(world.watcher.adds == 1);
}

TEST_CASE("a key added while with a worker is given out again after done") {
  World world;
  world.queue.add(key("a"), Priority::Edit);
  REQUIRE(world.queue.try_take() == key("a"));
  world.queue.add(key("a"), Priority::Resync);
  CHECK(world.queue.try_take() == Taken{});
  world.queue.done(key("a"));
  CHECK(world.queue.try_take() == key("a"));
  world.queue.done(key("a"));
  CHECK(world.queue.try_take() == Taken{});
  CHECK(world.queue.is_idle());
}

TEST_CASE("draining waits for what is with a worker, not for what is due, and no longer than it may") {
  World world;
  world.queue.add(key("a"), Priority::Edit);
  world.queue.add(key("b"), Priority::Edit);
  REQUIRE(world.queue.try_take() == key("a"));
  world.queue.drain(1ms);
  CHECK(world.statistics().running == 1);
  const std::jthread worker{[&] { world.queue.done(key("a")); }};
  world.queue.drain(1min);
  CHECK(world.statistics().running == 0);
  CHECK(world.statistics().depth == 1);
  CHECK(world.queue.try_take() == Taken{});
}

TEST_CASE("the oldest work is what has been due or with a worker longest, one that is due later is none") {
  World world;
  using Since = std::optional<SteadyClock::Time>;
  CHECK(world.queue.oldest_work() == Since{});
  world.queue.add_after(key("later"), 10s);
  CHECK(world.queue.oldest_work() == Since{});
  const auto start = world.clock.now();
  world.queue.add(key("a"), Priority::Edit);
  world.clock.advance(1s);
  REQUIRE(world.queue.try_take() == key("a"));
  world.queue.add(key("b"), Priority::Edit);
  CHECK(world.queue.oldest_work() == start + 1s);
  world.queue.done(key("a"));
  world.clock.advance(9s);
  CHECK(world.queue.oldest_work() == start + 1s);
  REQUIRE(world.queue.try_take() == key("b"));
  world.queue.done(key("b"));
  CHECK(world.queue.oldest_work() == start + 10s);
}

TEST_CASE("edits come first, then what is not ready, then the rest, each in order of arrival") {
  World world;
  world.queue.add(key("z"), Priority::Resync);
  world.queue.add(key("y"), Priority::Resync);
  world.queue.add(key("x"), Priority::Edit);
  world.queue.add(key("w"), Priority::Resync);
  world.queue.add(key("w"), Priority::Edit);
  world.queue.add(key("x"), Priority::Resync);
  world.queue.add(key("v"), Priority::Unready);
  world.queue.add(key("y"), Priority::Unready);
  world.queue.add(key("x"), Priority::Unready);
  std::vector<std::string> order;
  while (const auto taken = world.queue.try_take()) order.push_back(taken->name);
  CHECK(order == std::vector<std::string>{"x", "w", "y", "v", "z"});
}

TEST_CASE("an edit while with a worker keeps its priority over a later resync") {
  World world;
  world.queue.add(key("a"), Priority::Resync);
  REQUIRE(world.queue.try_take() == key("a"));
  world.queue.add(key("a"), Priority::Edit);
  world.queue.add(key("a"), Priority::Resync);
  world.queue.add(key("b"), Priority::Resync);
  world.queue.done(key("a"));
  CHECK(world.queue.try_take() == key("a"));
}

TEST_CASE("an edit while with a worker counts as one though a look was asked for before") {
  World world;
  world.queue.add(key("a"), Priority::Resync);
  REQUIRE(world.queue.try_take() == key("a"));
  world.queue.add(key("a"), Priority::Resync);
  world.queue.add(key("a"), Priority::Edit);
  world.queue.add(key("b"), Priority::Resync);
  world.queue.retry(key("a"), {});
  world.queue.done(key("a"));
  CHECK(world.queue.try_take() == key("a"));
  world.queue.retry(key("a"), {});
  CHECK(world.watcher.last_delay == 1s);
}

TEST_CASE("a delayed key is due at its time, not before") {
  World world;
  world.queue.add_after(key("a"), 10s);
  CHECK(world.statistics().delayed == 1);
  world.clock.advance(10s - 1ns);
  CHECK(world.queue.try_take() == Taken{});
  world.clock.advance(1ns);
  CHECK(world.queue.try_take() == key("a"));
  CHECK(world.watcher.adds == 1);
  CHECK(world.watcher.last_wait == 0ns);
}

TEST_CASE("looks that are put off together come one by one, within the last tenth of the delay") {
  World world;
  const std::vector<std::string> names{"a", "b", "c", "d", "e", "f", "g", "h"};
  for (const std::string& name : names) world.queue.look_again(key(name), 1h);
  world.clock.advance(54min - 1ns);
  CHECK(world.queue.try_take() == Taken{});
  std::set<std::string> seen;
  std::size_t at_most = 0;
  for (int second = 0; second < 360; ++second) {
    world.clock.advance(1s);
    std::size_t now = 0;
    for (; const auto taken = world.queue.try_take(); ++now) seen.insert(taken->name);
    at_most = std::max(at_most, now);
  }
  CHECK(seen.size() == names.size());
  CHECK(at_most <= 2);
}

TEST_CASE("what is put off for less than a minute comes when it was asked for, and an edit at once") {
  World world;
  world.queue.look_again(key("a"), 59s);
  world.queue.look_again(key("b"), 1h);
  world.queue.add(key("b"), Priority::Edit);
  CHECK(world.queue.try_take() == key("b"));
  world.clock.advance(59s - 1ns);
  CHECK(world.queue.try_take() == Taken{});
  world.clock.advance(1ns);
  CHECK(world.queue.try_take() == key("a"));
}

TEST_CASE("a delay of a thousand years is long") {
  World world;
  world.clock.advance(24h);
  world.queue.add_after(key("a"), 24h * 365 * 1000);
  world.queue.add_after(key("b"), 24h * 365 * 300);
  world.clock.advance(24h * 365);
  CHECK(world.queue.try_take() == Taken{});
  CHECK(world.statistics().delayed == 2);
}

TEST_CASE("of two delays the earlier wins, an add wins over both") {
  World world;
  SECTION("the second is earlier") {
    world.queue.add_after(key("a"), 10s);
    world.queue.add_after(key("a"), 3s);
    world.clock.advance(3s);
    CHECK(world.queue.try_take() == key("a"));
  }
  SECTION("the second is later") {
    world.queue.add_after(key("a"), 3s);
    world.queue.add_after(key("a"), 10s);
    world.clock.advance(3s);
    CHECK(world.queue.try_take() == key("a"));
  }
  SECTION("an add") {
    world.queue.add_after(key("a"), 3s);
    world.queue.add(key("a"), Priority::Edit);
    CHECK(world.queue.try_take() == key("a"));
  }
  world.queue.done(key("a"));
  world.clock.advance(1h);
  CHECK(world.queue.try_take() == Taken{});
}

TEST_CASE("a delay on a due key changes nothing") {
  World world;
  world.queue.add(key("a"), Priority::Edit);
  world.queue.add_after(key("a"), 3s);
  REQUIRE(world.queue.try_take() == key("a"));
  world.queue.done(key("a"));
  world.clock.advance(1h);
  CHECK(world.queue.try_take() == Taken{});
}

TEST_CASE("a key delayed while with a worker is not given out before done") {
  World world;
  world.queue.add(key("a"), Priority::Edit);
  REQUIRE(world.queue.try_take() == key("a"));
  world.queue.add_after(key("a"), 1s);
  world.clock.advance(2s);
  CHECK(world.queue.try_take() == Taken{});
  world.queue.done(key("a"));
  CHECK(world.queue.try_take() == key("a"));
}

TEST_CASE("retries of a key grow, forget starts anew, other keys are untouched") {
  World world;
  const auto due_after = [&](const ObjectKey& wanted, std::optional<std::chrono::milliseconds> floor) {
    world.queue.retry(wanted, floor);
    for (int seconds = 0; seconds <= 60; ++seconds) {
      if (world.queue.try_take() == wanted) {
        world.queue.done(wanted);
        return seconds;
      }
      world.clock.advance(1s);
    }
    return -1;
  };
  CHECK(due_after(key("a"), {}) == 1);
  CHECK(due_after(key("a"), {}) == 2);
  CHECK(due_after(key("a"), 1s) == 4);
  CHECK(due_after(key("a"), 30s) == 30);
  CHECK(due_after(key("b"), {}) == 1);
  world.queue.forget(key("a"));
  CHECK(due_after(key("a"), {}) == 1);
  CHECK(world.watcher.retries == 6);
}

TEST_CASE("an edit starts a key's delays anew, nothing else that asks for it does") {
  World world;
  const auto fails = [&] {
    REQUIRE(world.queue.try_take() == key("a"));
    world.queue.retry(key("a"), {});
    world.queue.done(key("a"));
    return world.watcher.last_delay;
  };
  world.queue.add(key("a"), Priority::Edit);
  CHECK(fails() == 1s);
  world.queue.add(key("a"), GENERATE(Priority::Resync, Priority::Unready));
  CHECK(fails() == 2s);
  SECTION("of one that waits") {
    world.queue.add(key("a"), Priority::Edit);
    CHECK(fails() == 1s);
  }
  SECTION("of one that is due already") {
    world.queue.add(key("a"), Priority::Resync);
    world.queue.add(key("a"), Priority::Edit);
    CHECK(fails() == 1s);
  }
  SECTION("of one that is with a worker, which fails by what it was before") {
    world.queue.add(key("a"), Priority::Resync);
    REQUIRE(world.queue.try_take() == key("a"));
    world.queue.add(key("a"), Priority::Edit);
    world.queue.retry(key("a"), {});
    world.queue.done(key("a"));
    CHECK(fails() == 1s);
  }
}

TEST_CASE("statistics tell depth, delays and what runs for how long") {
  World world;
  world.queue.add(key("a"), Priority::Edit);
  REQUIRE(world.queue.try_take() == key("a"));
  world.clock.advance(2s);
  world.queue.add(key("b"), Priority::Edit);
  REQUIRE(world.queue.try_take() == key("b"));
  world.queue.add(key("c"), Priority::Edit);
  world.queue.add_after(key("d"), 1h);
  world.clock.advance(3s);
  CHECK(world.statistics() ==
        QueueStatistics{.depth = 1, .delayed = 1, .running = 2, .unfinished = 8s, .longest_running = 5s});
  CHECK_FALSE(world.queue.is_idle());
  REQUIRE(world.queue.try_take() == key("c"));
  CHECK(world.watcher.last_wait == 3s);
}

TEST_CASE("after shut down nothing is given out or taken in") {
  World world;
  world.queue.add(key("a"), Priority::Edit);
  world.queue.add(key("b"), Priority::Edit);
  REQUIRE(world.queue.try_take() == key("a"));
  world.queue.add(key("a"), Priority::Edit);
  world.queue.shut_down();
  world.queue.add(key("c"), Priority::Edit);
  world.queue.add_after(key("d"), 1s);
  world.queue.retry(key("e"), {});
  world.queue.done(key("a"));
  CHECK(world.queue.try_take() == Taken{});
  CHECK(world.queue.take({}) == Taken{});
  CHECK(world.statistics() == QueueStatistics{.depth = 1, .delayed = 0, .running = 0});
}

TEST_CASE("a waiting worker is woken by an add, a stop and a shut down") {
  SystemSteadyClock clock;
  WorkWatcher watcher;
  WorkQueue queue{clock, watcher, {}};
  Taken taken;
  std::stop_source stop;
  std::jthread worker{[&] { taken = queue.take(stop.get_token()); }};
  SECTION("an add") {
    queue.add(key("a"), Priority::Edit);
    worker.join();
    CHECK(taken == key("a"));
  }
  SECTION("a delay that ends") {
    queue.add_after(key("a"), 1h);
    queue.add_after(key("a"), 1ms);
    worker.join();
    CHECK(taken == key("a"));
  }
  SECTION("a stop") {
    stop.request_stop();
    worker.join();
    CHECK(taken == Taken{});
  }
  SECTION("a shut down") {
    queue.shut_down();
    worker.join();
    CHECK(taken == Taken{});
  }
}

TEST_CASE("a namespace has its share of the workers, and all of them where it is alone") {
  tests::ManualSteadyClock clock;
  CountingWatcher watcher;
  WorkQueue queue{clock, watcher, {.backoff = {}, .seed = 1, .workers = 4}};
  const ObjectKey other{ResourceKind::ImagePublication, "pay", "x"};
  const ObjectKey registry{ResourceKind::ContainerRegistry, "", "r"};
  for (const char* name : {"a", "b", "c", "d"}) queue.add(key(name), Priority::Edit);
  CHECK(queue.try_take() == key("a"));
  CHECK(queue.try_take() == key("b"));
  SECTION("alone, also beside what belongs to no namespace") {
    queue.add_after(registry, 1h);
    CHECK(queue.try_take() == key("c"));
    CHECK(queue.try_take() == key("d"));
  }
  SECTION("another that is looked at later, or runs") {
    queue.add_after(other, 1h);
    CHECK(queue.try_take() == Taken{});
    clock.advance(1h);
    CHECK(queue.try_take() == other);
    CHECK(queue.try_take() == Taken{});
    queue.done(key("a"));
    CHECK(queue.try_take() == key("c"));
    CHECK(queue.try_take() == Taken{});
  }
  SECTION("what belongs to no namespace goes by") {
    queue.add(other, Priority::Resync);
    queue.add(registry, Priority::Resync);
    CHECK(queue.try_take() == other);
    CHECK(queue.try_take() == registry);
    CHECK(queue.try_take() == Taken{});
  }
}

TEST_CASE("who waits for a key of a namespace that has its share gets it when one is done") {
  tests::ManualSteadyClock clock;
  CountingWatcher watcher;
  WorkQueue queue{clock, watcher, {.backoff = {}, .seed = 1, .workers = 2}};
  queue.add_after({ResourceKind::ImagePublication, "pay", "x"}, 1h);
  queue.add(key("a"), Priority::Edit);
  queue.add(key("b"), Priority::Edit);
  REQUIRE(queue.try_take() == key("a"));
  Taken taken;
  std::jthread taker([&] { taken = queue.take({}); });
  queue.done(key("a"));
  taker.join();
  CHECK(taken == key("b"));
}

TEST_CASE("a free worker goes to the namespace with the fewest, before the first come") {
  tests::ManualSteadyClock clock;
  CountingWatcher watcher;
  WorkQueue queue{clock, watcher, {.backoff = {}, .seed = 1, .workers = 4}};
  const auto of = [](const std::string& space, const std::string& name) {
    return ObjectKey{ResourceKind::ImagePublication, space, name};
  };
  for (const char* name : {"1", "2", "3", "4"}) queue.add(of("slow", name), Priority::Edit);
  for (const char* name : {"1", "2", "3", "4"}) queue.add(of("dead", name), Priority::Edit);
  for (int i = 0; i < 4; ++i) REQUIRE(queue.try_take());
  CHECK(queue.try_take() == Taken{});
  SECTION("an edit") {
    queue.add(of("team", "new"), Priority::Edit);
    queue.done(of("slow", "1"));
    CHECK(queue.try_take() == of("team", "new"));
  }
  SECTION("what is looked at again, too: edits of others could keep it out for ever") {
    queue.add(of("team", "old"), Priority::Resync);
    queue.done(of("slow", "1"));
    CHECK(queue.try_take() == of("team", "old"));
  }
  SECTION("of those with as few, the first come") {
    queue.done(of("dead", "1"));
    queue.done(of("slow", "1"));
    CHECK(queue.try_take() == of("slow", "3"));
    CHECK(queue.try_take() == of("dead", "3"));
  }
}

TEST_CASE("namespaces in which every visit hangs leave a worker to who comes next") {
  tests::ManualSteadyClock clock;
  CountingWatcher watcher;
  WorkQueue queue{clock, watcher, {.backoff = {}, .seed = 1, .workers = 8}};
  const auto of = [](const std::string& space, int number) {
    return ObjectKey{ResourceKind::ImagePublication, space, std::to_string(number)};
  };
  const auto hang = [&](const std::string& space) {
    for (int i = 0; i < 10; ++i) queue.add(of(space, i), Priority::Edit);
    std::size_t taken = 0;
    while (queue.try_take()) ++taken;
    return taken;
  };
  queue.add_after(of("team", 0), 1h);
  CHECK(hang("slow") == 4);
  CHECK(hang("dead") == 3);
  clock.advance(1h);
  CHECK(queue.try_take() == of("team", 0));
  // The last one is kept for who comes next; they share what becomes free beside it.
  queue.done(of("team", 0));
  CHECK_FALSE(queue.try_take());
  queue.done(of("slow", 0));
  CHECK(queue.try_take() == of("slow", 4));
}

TEST_CASE("a namespace that comes new finds a worker, whoever has taken what there was before") {
  tests::ManualSteadyClock clock;
  CountingWatcher watcher;
  WorkQueue queue{clock, watcher, {.backoff = {}, .seed = 1, .workers = 8}};
  const int hanging = GENERATE(1, 2, 3);
  for (int i = 0; i < 40 * hanging; ++i)
    queue.add({ResourceKind::ImagePublication, "rival" + std::to_string(i % hanging), std::to_string(i)},
              Priority::Edit);
  int taken = 0;
  while (queue.try_take()) ++taken;
  CHECK(taken == 7);
  const ObjectKey first{ResourceKind::ImagePublication, "team", "first"};
  queue.add(first, Priority::Resync);
  CHECK(queue.try_take() == first);
}

TEST_CASE("for namespaces of which nothing is due no more than one worker stays idle, however many share the others") {
  tests::ManualSteadyClock clock;
  CountingWatcher watcher;
  WorkQueue queue{clock, watcher, {.backoff = {}, .seed = 1, .workers = 8}};
  for (int i = 0; i < 20; ++i) queue.add_after({ResourceKind::ImagePublication, "later" + std::to_string(i), "x"}, 1h);
  const int busy = GENERATE(2, 3, 4, 7);
  for (int i = 0; i < busy * 9; ++i)
    queue.add({ResourceKind::ImagePublication, "busy" + std::to_string(i % busy), std::to_string(i)}, Priority::Resync);
  int taken = 0;
  while (queue.try_take()) ++taken;
  CHECK(taken == 7);
}

TEST_CASE("of fewer than eight workers none is kept for who is not known yet") {
  tests::ManualSteadyClock clock;
  CountingWatcher watcher;
  WorkQueue queue{clock, watcher, {.backoff = {}, .seed = 1, .workers = 6}};
  for (const char* space : {"shop", "pay"})
    for (int i = 0; i < 9; ++i) queue.add({ResourceKind::ImagePublication, space, std::to_string(i)}, Priority::Resync);
  int taken = 0;
  while (queue.try_take()) ++taken;
  CHECK(taken == 6);
}

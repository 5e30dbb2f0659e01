#include "controller/runtime/work_queue.h"

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

using namespace std::chrono_literals;
using namespace slipway;
using namespace slipway::runtime;

namespace {

ObjectKey key(const std::string& name, const std::string& space = "shop") {
  return {ResourceKind::ImagePublication, space, name};
}

using Names = std::vector<std::string>;

struct World {
  explicit World(std::size_t workers = 0)
      : queue(clock, watcher,
              {.backoff = {.first = 500ms, .jitter = 0}, .seed = 1, .workers = workers, .is_deleted = is_deleted}) {}
  /// What is called "gone".
  static bool is_deleted(const ObjectKey& asked) { return asked.name == "gone"; }
  /// The only one that is due is taken, and fails.
  void fail(const ObjectKey& wanted, std::optional<std::chrono::milliseconds> floor = {}) {
    REQUIRE(queue.try_take() == wanted);
    queue.retry(wanted, floor);
    queue.done(wanted);
  }
  /// As fail(), with every later try as soon as it may be.
  void fail(const ObjectKey& wanted, int times) {
    for (int i = 0; i < times; ++i) {
      clock.advance(5min);
      fail(wanted);
    }
  }
  /// In which order all are taken that are due.
  Names taken() {
    Names names;
    while (const auto one = queue.try_take()) names.push_back(one->name);
    return names;
  }

  tests::ManualSteadyClock clock;
  WorkWatcher watcher;
  WorkQueue queue;
};

/// The machine's, and how often it was asked. One thread.
class CountingClock final : public SteadyClock {
 public:
  Time now() const override {
    ++asked_;
    return clock_.now();
  }
  int asked() const { return asked_; }

 private:
  SystemSteadyClock clock_;
  mutable int asked_ = 0;
};

}  // namespace

TEST_CASE("what somebody waits for and is tried again comes before looks that waited longer, after fresh edits") {
  World world;
  const auto asked = GENERATE(Priority::Edit, Priority::Unready);
  world.queue.add(key("failed"), asked);
  world.fail(key("failed"), 1s);
  world.queue.add(key("look"), Priority::Resync);
  world.clock.advance(1s);
  SECTION("by its time") {}
  SECTION("asked for meanwhile, too, as when its registry was edited") {
    world.queue.add(key("failed"), Priority::Resync);
  }
  world.queue.add(key("edited"), Priority::Edit);
  CHECK(world.taken() == Names{"edited", "failed", "look"});
}

TEST_CASE("what was asked for again while it failed keeps its place as well") {
  World world;
  world.queue.add(key("failed"), Priority::Edit);
  REQUIRE(world.queue.try_take() == key("failed"));
  world.queue.add(key("look"), Priority::Resync);
  world.queue.add(key("failed"), Priority::Resync);
  world.queue.retry(key("failed"), {});
  world.queue.done(key("failed"));
  CHECK(world.taken() == Names{"failed", "look"});
}

TEST_CASE("what fails for good stands before no look, until it is edited") {
  World world;
  world.queue.add(key("failed"), Priority::Edit);
  world.fail(key("failed"), 6);
  world.queue.add(key("look"), Priority::Resync);
  SECTION("the sixth failure in a row") {
    world.clock.advance(5min);
    CHECK(world.taken() == Names{"failed", "look"});
  }
  SECTION("the seventh") {
    world.clock.advance(5min);
    world.fail(key("failed"));
    world.clock.advance(5min);
    CHECK(world.taken() == Names{"look", "failed"});
  }
  SECTION("an edit after these") {
    world.clock.advance(5min);
    world.fail(key("failed"));
    world.queue.add(key("failed"), Priority::Edit);
    world.fail(key("failed"));
    world.clock.advance(5min);
    CHECK(world.taken() == Names{"failed", "look"});
  }
}

TEST_CASE("a look that fails, and what is only looked at again, come as looks") {
  World world;
  world.queue.add(key("failed"), Priority::Resync);
  world.fail(key("failed"));
  world.queue.add(key("done"), Priority::Edit);
  REQUIRE(world.queue.try_take() == key("done"));
  world.queue.look_again(key("done"), 2s);
  world.queue.done(key("done"));
  world.queue.add(key("look"), Priority::Resync);
  world.clock.advance(2s);
  CHECK(world.taken() == Names{"look", "failed", "done"});
}

TEST_CASE("of two delays of a key the higher priority counts, whichever time does") {
  World world;
  const ObjectKey failed = key("failed");
  world.queue.add(failed, Priority::Edit);
  REQUIRE(world.queue.try_take() == failed);
  const auto [retry, look] = GENERATE(std::pair{1s, 2s}, std::pair{2s, 1s});
  SECTION("that of the first") {
    world.queue.retry(failed, retry);
    world.queue.add_after(failed, look);
  }
  SECTION("that of the second") {
    world.queue.add_after(failed, look);
    world.queue.retry(failed, retry);
  }
  world.queue.done(failed);
  world.queue.add(key("look"), Priority::Resync);
  world.clock.advance(2s);
  CHECK(world.taken() == Names{"failed", "look"});
}

TEST_CASE("what is put off comes back as what it was taken as") {
  World world;
  const auto asked = GENERATE(Priority::Edit, Priority::Unready, Priority::Resync);
  const ObjectKey off = key("off");
  world.queue.add(off, asked);
  REQUIRE(world.queue.try_take() == off);
  world.queue.add(key("look"), Priority::Resync);
  world.clock.advance(1s);
  SECTION("by its time") {
    world.queue.put_off(off, 1s);
    world.queue.done(off);
  }
  SECTION("brought back") {
    world.queue.put_off(off, 1h);
    world.queue.done(off);
    world.queue.add(off, Priority::Resync);
  }
  SECTION("brought back before its visit was over") {
    world.queue.add(off, Priority::Resync);
    world.queue.put_off(off, 1s);
    world.queue.done(off);
  }
  world.clock.advance(1s);
  CHECK(world.taken() == (asked == Priority::Resync ? Names{"look", "off"} : Names{"off", "look"}));
}

TEST_CASE("a deletion comes before all else, and stays one however it comes back") {
  World world;
  const ObjectKey gone = key("gone");
  world.queue.add(key("look"), Priority::Resync);
  world.queue.add(key("edited"), Priority::Edit);
  world.queue.add(gone, Priority::Edit);
  REQUIRE(world.queue.try_take() == gone);
  SECTION("looked at again") {
    world.queue.look_again(gone, 1s);
  }
  SECTION("put off") {
    world.queue.put_off(gone, 1s);
  }
  SECTION("put off, and brought back meanwhile") {
    world.queue.add(gone, Priority::Unready);
    world.queue.put_off(gone, 1s);
  }
  SECTION("tried again") {
    world.queue.retry(gone, 1s);
  }
  world.queue.done(gone);
  SECTION("asked for by somebody else") {
    world.queue.add(gone, Priority::Resync);
  }
  world.clock.advance(1s);
  CHECK(world.taken() == Names{"gone", "edited", "look"});
}

TEST_CASE("a deletion that fails again and again stays one, with growing delays") {
  World world;
  world.queue.add(key("gone"), Priority::Edit);
  world.fail(key("gone"), 9);
  world.queue.add(key("edited"), Priority::Edit);
  world.clock.advance(2min);
  CHECK(world.taken() == Names{"edited"});
  world.queue.add(key("later"), Priority::Edit);
  world.clock.advance(3min);
  CHECK(world.taken() == Names{"gone", "later"});
}

TEST_CASE("what is deleted is taken though every worker is at something that takes long") {
  World world(8);
  for (int i = 0; i < 8; ++i) world.queue.add(key("large", "n" + std::to_string(i)), Priority::Edit);
  REQUIRE(world.taken().size() == 8);
  world.queue.add(key("edited", "other"), Priority::Edit);
  // Its namespace is not the one that is looked at first.
  const ObjectKey gone = key("gone", "zone");
  world.queue.add(gone, Priority::Edit);
  CHECK(world.queue.try_take(Taker::OfDeletions) == gone);
  SECTION("nothing else is taken by who takes deletions") {
    CHECK_FALSE(world.queue.try_take(Taker::OfDeletions));
  }
  SECTION("no worker has it as well, and it comes again when it is done") {
    world.queue.add(gone, Priority::Edit);
    world.queue.done(key("large", "n0"));
    CHECK(world.taken() == Names{"edited"});
    world.queue.done(gone);
    CHECK(world.queue.try_take(Taker::OfDeletions) == gone);
  }
  SECTION("it is no part of what its namespace has of the workers") {
    world.queue.add(key("own", "zone"), Priority::Edit);
    CHECK(world.taken() == Names{"edited", "own"});
  }
}

TEST_CASE("of what is deleted each namespace gets its turn") {
  tests::ManualSteadyClock clock;
  WorkWatcher watcher;
  WorkQueue queue{clock, watcher, {.backoff = {}, .workers = 1, .is_deleted = [](const ObjectKey&) { return true; }}};
  for (const char* name : {"1", "2", "3", "4"}) queue.add(key(name, "many"), Priority::Edit);
  queue.add(key("5", "few"), Priority::Edit);
  Names names;
  while (const auto one = queue.try_take(Taker::OfDeletions)) {
    names.push_back(one->name);
    queue.done(*one);
    if (names.size() == 2) queue.add(key("6", "new"), Priority::Edit);
  }
  CHECK(names == Names{"1", "5", "6", "2", "3", "4"});
  // What was taken before there was none does not count.
  queue.add(key("7", "many"), Priority::Edit);
  queue.add(key("8", "few"), Priority::Edit);
  CHECK(queue.try_take(Taker::OfDeletions) == key("7", "many"));
}

TEST_CASE("whoever adds a key beside its deletion, or beside what is made anew, the deletion is what it is by then") {
  tests::ManualSteadyClock clock;
  WorkWatcher watcher;
  const ObjectKey one = key("one");
  bool is_deleted = false;
  std::function<void()> meanwhile = [] {};
  const auto ask = [&](const ObjectKey&) {
    const bool answer = is_deleted;
    std::exchange(meanwhile, [] {})();
    return answer;
  };
  WorkQueue queue{clock, watcher, {.backoff = {}, .workers = 1, .is_deleted = ask}};
  const auto becomes = [&](bool deleted) {
    return [&, deleted] {
      is_deleted = deleted;
      queue.add(one, Priority::Edit);
    };
  };
  const auto asked = GENERATE(Priority::Resync, Priority::Edit);
  SECTION("deleted") {
    meanwhile = becomes(true);
    queue.add(one, asked);
    CHECK(queue.try_take(Taker::OfDeletions) == one);
  }
  SECTION("deleted while with a worker") {
    queue.add(one, Priority::Resync);
    REQUIRE(queue.try_take() == one);
    SECTION("that is done with it") {}
    SECTION("that tries it again") {
      queue.retry(one, {});
    }
    meanwhile = becomes(true);
    queue.add(one, asked);
    queue.done(one);
    CHECK(queue.try_take(Taker::OfDeletions) == one);
  }
  SECTION("made anew") {
    is_deleted = true;
    meanwhile = becomes(false);
    queue.add(one, asked);
    CHECK_FALSE(queue.try_take(Taker::OfDeletions));
    CHECK(queue.try_take() == one);
  }
}

TEST_CASE("a deletion that was added before its worker is done with the key is one, whatever that leaves") {
  tests::ManualSteadyClock clock;
  WorkWatcher watcher;
  const ObjectKey one = key("one");
  bool is_asked_by_add = false;
  WorkQueue queue{
      clock, watcher, {.backoff = {}, .workers = 1, .is_deleted = [&](const ObjectKey&) { return is_asked_by_add; }}};
  queue.add(one, Priority::Edit);
  REQUIRE(queue.try_take() == one);
  // What done() could ask before the deletion is of before it.
  is_asked_by_add = true;
  queue.add(one, Priority::Edit);
  is_asked_by_add = false;
  SECTION("nothing") {}
  SECTION("another try") {
    queue.retry(one, {});
  }
  SECTION("one that is put off") {
    queue.put_off(one, 1s);
  }
  queue.done(one);
  CHECK(queue.try_take(Taker::OfDeletions) == one);
}

TEST_CASE("what is made anew under the name of what was deleted is no deletion any more") {
  tests::ManualSteadyClock clock;
  WorkWatcher watcher;
  bool is_deleted = true;
  WorkQueue queue{
      clock, watcher, {.backoff = {}, .workers = 1, .is_deleted = [&](const ObjectKey&) { return is_deleted; }}};
  SECTION("while it was due") {
    queue.add(key("anew"), Priority::Edit);
  }
  SECTION("while it waited for its next try") {
    queue.add_after(key("anew"), 2s);
  }
  is_deleted = false;
  queue.add(key("anew"), Priority::Edit);
  clock.advance(2s);
  CHECK_FALSE(queue.try_take(Taker::OfDeletions));
  CHECK(queue.try_take() == key("anew"));
}

TEST_CASE("what is made anew while a worker has what was deleted is no deletion, whatever the worker leaves") {
  tests::ManualSteadyClock clock;
  WorkWatcher watcher;
  bool is_deleted = true;
  WorkQueue queue{
      clock, watcher, {.backoff = {}, .workers = 1, .is_deleted = [&](const ObjectKey&) { return is_deleted; }}};
  queue.add(key("anew"), Priority::Edit);
  REQUIRE(queue.try_take() == key("anew"));
  SECTION("asked for once more before") {
    queue.add(key("anew"), Priority::Edit);
    is_deleted = false;
    queue.add(key("anew"), Priority::Edit);
  }
  SECTION("put off") {
    is_deleted = false;
    queue.add(key("anew"), Priority::Edit);
    queue.put_off(key("anew"), 2s);
  }
  SECTION("tried again") {
    queue.retry(key("anew"), {});
    is_deleted = false;
    queue.add(key("anew"), Priority::Edit);
  }
  queue.done(key("anew"));
  CHECK_FALSE(queue.try_take(Taker::OfDeletions));
  CHECK(queue.try_take() == key("anew"));
}

TEST_CASE("who waits for what is deleted is woken by it") {
  SystemSteadyClock clock;
  WorkWatcher watcher;
  WorkQueue queue{clock, watcher, {.backoff = {}, .is_deleted = World::is_deleted}};
  std::optional<ObjectKey> taken;
  std::jthread waiting{[&] { taken = queue.take({}, Taker::OfDeletions); }};
  queue.add(key("edited"), Priority::Edit);
  queue.add(key("gone"), Priority::Edit);
  waiting.join();
  CHECK(taken == key("gone"));
}

TEST_CASE("who takes deletions is not woken again and again by what else is due") {
  const CountingClock clock;
  WorkWatcher watcher;
  WorkQueue queue{clock, watcher, {.backoff = {}, .is_deleted = World::is_deleted}};
  queue.add(key("edited"), Priority::Edit);
  queue.add_after(key("gone"), 20ms);
  const int before = clock.asked();
  CHECK(queue.take({}, Taker::OfDeletions) == key("gone"));
  // In vain, for how long to wait, and when that is over.
  CHECK(clock.asked() - before <= 3);
}

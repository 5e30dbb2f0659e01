#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "controller/cluster/shards.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"
#include "tests/catch.h"
#include "tests/unit/controller/cluster/shards_world.h"

using namespace slipway;
using namespace slipway::cluster;
using namespace std::chrono_literals;

namespace {

/// What replicas share whose time is the machine's, which passes quickly for them.
struct World {
  Shards::Hands hands() { return {leases, clock, steady, log}; }
  static MembershipOptions options(const std::string& name) {
    auto made = tests::ShardsWorld::options(name);
    made.times = {
        .lease = 1500ms, .authority = 900ms, .round = 60ms, .quick_round = 20ms, .request = 300ms, .forget_after = 5s};
    return made;
  }

  tests::ManualClock clock{Timestamp{}};
  const runtime::BootClock steady;
  tests::LeasesAtHand leases;
  telemetry::Log log{clock, {.write = [](const std::string&) {}}};
};

/// The two threads that keep a replica's share for it, as long as this lives.
class Keepers {
 public:
  explicit Keepers(Shards& shards) : shards_(shards) {}

 private:
  void keep(const std::stop_token& stop) { shards_.run(stop); }

  Shards& shards_;
  std::jthread one_{[this](const std::stop_token& stop) { keep(stop); }};
  std::jthread other_{[this](const std::stop_token& stop) { keep(stop); }};
};

/// What the threads of a test have done, for whoever waits for more of it.
class Count {
 public:
  void add() {
    ++*count_.lock();
    more_.notify_all();
  }
  int now() const { return *count_.lock(); }
  /// At most half a minute.
  bool wait_for(int count) {
    auto counted = count_.lock();
    return counted.wait_for(more_, {}, 30s, [&] { return *counted >= count; });
  }

 private:
  runtime::Guarded<int> count_;
  std::condition_variable_any more_;
};

/// Shards ask for the time that people read under the lock under which they are told what to send.
class WatchedClock final : public Clock {
 public:
  Timestamp now() const override {
    *last_.lock() = std::this_thread::get_id();
    more_.notify_all();
    return {};
  }
  /// Waits until another thread was told after the one that calls this; at most half a minute.
  bool tells_another() {
    auto last = last_.lock();
    return last.wait_for(more_, {}, 30s, [&] { return *last != std::this_thread::get_id(); });
  }

 private:
  mutable runtime::Guarded<std::thread::id> last_;
  mutable std::condition_variable_any more_;
};

}  // namespace

TEST_CASE("Whoever lists lets the other thread renew meanwhile, whatever that one was told to wait for") {
  World world;
  WatchedClock clock;
  Count renewed;
  std::atomic<bool> is_told = false;
  std::atomic<bool> has_listed = false;
  std::atomic<bool> is_renewed = false;
  world.leases.before_update = [&] {
    // The other one is told that nothing is to be sent before this is answered.
    if (renewed.now() == 0) is_told = clock.tells_another();
    renewed.add();
  };
  world.leases.before_list = [&] {
    if (renewed.now() == 0 || has_listed.exchange(true)) return;
    is_renewed = renewed.wait_for(2);
  };
  Shards a{World::options("a"), {world.leases, clock, world.steady, world.log}, [](const auto&) {}};
  {
    const Keepers keepers{a};
    CHECK(renewed.wait_for(3));
  }
  CHECK(is_told);
  CHECK(is_renewed);
}

TEST_CASE("The lease is renewed while it is looked whether the work can be done, however long that takes") {
  World world;
  Count renewed;
  Count looked;
  std::atomic<bool> has_begun = false;
  std::atomic<bool> is_renewed = false;
  world.leases.before_update = [&] { renewed.add(); };
  auto hands = world.hands();
  hands.cannot_work = [&]() -> std::optional<Error> {
    if (renewed.now() > 0 && !has_begun.exchange(true)) is_renewed = renewed.wait_for(renewed.now() + 2);
    looked.add();
    return std::nullopt;
  };
  Shards a{World::options("a"), hands, [](const auto&) {}};
  {
    const Keepers keepers{a};
    CHECK(renewed.wait_for(3));
    CHECK(looked.wait_for(looked.now() + 2));
  }
  CHECK(is_renewed);
}

TEST_CASE("Replicas on threads of their own never work on one key at once, and every key is worked on") {
  World world;
  std::array<std::atomic<int>, 8> at_work{};
  std::array<std::atomic<int>, 8> visits{};
  std::atomic<bool> is_wrong = false;
  runtime::Guarded<int> rounds;
  std::condition_variable_any done;
  Shards a{World::options("a"), world.hands(), [](const auto&) {}};
  Shards b{World::options("b"), world.hands(), [](const auto&) {}};
  const auto work = [&](Shards& shards, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      for (std::size_t i = 0; i < tests::kKeys.size(); ++i) {
        const auto held = shards.begin(tests::kKeys[i], stop);
        if (!held) continue;
        // A thread that was off the processor for longer than its lease is still at work, and owns nothing any more.
        if (++at_work[i] != 1 && a.owns(tests::kKeys[i]) && b.owns(tests::kKeys[i])) is_wrong = true;
        ++visits[i];
        std::this_thread::yield();
        --at_work[i];
      }
      ++*rounds.lock();
      done.notify_all();
    }
  };
  {
    const std::jthread watches_a{[&](const std::stop_token& stop) { a.watch(stop); }};
    const Keepers keepers_of_a{a};
    const std::jthread works_a{[&](const std::stop_token& stop) { work(a, stop); }};
    const std::jthread watches_b{[&](const std::stop_token& stop) { b.watch(stop); }};
    const Keepers keepers_of_b{b};
    const std::jthread works_b{[&](const std::stop_token& stop) { work(b, stop); }};
    const auto is_shared = [&] {
      for (std::size_t i = 0; i < tests::kKeys.size(); ++i)
        if (visits[i] == 0 || a.owns(tests::kKeys[i]) == b.owns(tests::kKeys[i])) return false;
      return a.standing().members == 2 && b.standing().members == 2;
    };
    auto looking = rounds.lock();
    CHECK(looking.wait_for(done, {}, 30s, is_shared));
  }
  CHECK_FALSE(is_wrong);
  CHECK(a.release(1s, {}));
  CHECK(b.release(1s, {}));
}

#include "controller/cluster/shards.h"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/support/no_threads.h"
#include "tests/unit/controller/cluster/shards_world.h"

using namespace slipway;
using namespace slipway::cluster;
using namespace std::chrono_literals;

namespace {

const Error kDiskIsFull{.cls = ErrorClass::Unavailable, .message = "the disk is full", .remedy = "make room"};

/// One replica, and what it was told that it gained.
struct Replica {
  Replica(tests::ShardsWorld& world, const std::string& name)
      : shards(tests::ShardsWorld::options(name), hands(world), [this](const Shards::Gained& gained) {
          for (const auto& key : tests::kKeys)
            if (gained(key)) told.insert(key);
        }) {}

  Shards::Hands hands(tests::ShardsWorld& world) {
    auto hands = world.hands();
    hands.cannot_work = [this] {
      std::exchange(before_it_knows, [] {})();
      return cannot_work;
    };
    hands.sight = Shards::Sight{.begin_anew =
                                    [this] {
                                      ++times_begun_anew;
                                      is_behind = falls_behind;
                                    },
                                .is_behind =
                                    [this] {
                                      std::exchange(before_it_sees, [] {})();
                                      return is_behind;
                                    }};
    return hands;
  }

  std::set<std::string> owned() const {
    std::set<std::string> keys;
    for (const auto& key : tests::kKeys)
      if (shards.owns(key)) keys.insert(key);
    return keys;
  }
  std::set<std::string> take_told() { return std::exchange(told, {}); }

  std::optional<Error> cannot_work;
  std::function<void()> before_it_knows = [] {};
  std::function<void()> before_it_sees = [] {};
  int times_begun_anew = 0;
  bool falls_behind = false;
  bool is_behind = false;
  std::set<std::string> told;
  Shards shards;
};

std::set<std::string> share_of(const std::string& name, const Members& members) {
  std::set<std::string> keys;
  for (const auto& key : tests::kKeys)
    if (owner_of(key, members) == name) keys.insert(key);
  return keys;
}

std::set<std::string> all_keys() {
  return {tests::kKeys.begin(), tests::kKeys.end()};
}

/// A key of the share of `name`.
std::string key_of_share(const std::string& name, const Members& members) {
  return *share_of(name, members).begin();
}

/// Six seconds in which both keep up.
void pass(tests::ShardsWorld& world, Replica& a, Replica& b) {
  for (int i = 0; i < 12; ++i) {
    world.settle(a.shards);
    world.settle(b.shards);
    world.steady.advance(500ms);
  }
}

/// Two that share the keys, and work of the first.
struct TwoAtWork {
  TwoAtWork() {
    pass(world, a, b);
    work = a.shards.begin(key_of_share("a", {"a", "b"}), {});
    REQUIRE(work);
  }

  tests::ShardsWorld world;
  Replica a{world, "a"};
  Replica b{world, "b"};
  std::unique_ptr<Shards::Work> work;
};

/// Time in which one alone keeps up.
void pass_alone(tests::ShardsWorld& world, Replica& one, std::chrono::seconds time) {
  for (auto end = world.steady.now() + time; world.steady.now() < end; world.steady.advance(500ms))
    world.settle(one.shards);
}

}  // namespace

TEST_CASE("Nothing is owned before there is a lease, and everything alone") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  CHECK(a.owned().empty());
  REQUIRE(a.shards.failure());
  CHECK(a.shards.failure()->message == "this replica has no lease of its own");
  world.settle(a.shards);
  CHECK(a.owned() == all_keys());
  CHECK(a.take_told() == all_keys());
  CHECK_FALSE(a.shards.failure());
  CHECK(a.shards.standing() == Shards::Standing{.holds_lease = true, .members = 1});
}

TEST_CASE("A replica is told of what it gained and of nothing else") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  Replica b{world, "b"};
  const auto pass = [&](std::chrono::milliseconds time) {
    for (auto end = world.steady.now() + time; world.steady.now() < end; world.steady.advance(250ms)) {
      world.settle(a.shards);
      world.settle(b.shards);
    }
  };
  world.settle(a.shards);
  a.take_told();
  pass(3s);
  CHECK(a.owned() == share_of("a", {"a", "b"}));
  CHECK(a.take_told().empty());
  CHECK(b.owned() == share_of("b", {"a", "b"}));
  CHECK(b.take_told() == b.owned());
  REQUIRE(b.shards.release(1s, {}));
  pass(3s);
  CHECK(a.owned() == all_keys());
  CHECK(a.take_told() == share_of("b", {"a", "b"}));
}

TEST_CASE("Whose lease was over and who may not see the others' is not ready, says why, and goes on by itself") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  Replica b{world, "b"};
  pass(world, a, b);
  REQUIRE(a.owned() == share_of("a", {"a", "b"}));
  const Error refusal{ErrorClass::Forbidden, "listing leases: 403", "grant it", {}, {}};
  world.leases.refuse_lists(refusal);
  world.steady.advance(12s);
  world.lines.clear();
  for (int i = 0; i < 5; ++i) pass(world, a, b);
  CHECK(a.owned().empty());
  CHECK(a.shards.failure() == refusal);
  CHECK(a.shards.standing() == Shards::Standing{.holds_lease = false, .members = 0});
  const auto says = [](std::string_view text) {
    return [text](const std::string& line) { return line.contains(text) && line.contains(R"("a")"); };
  };
  CHECK(std::ranges::count_if(world.lines, says("listing leases: 403")) == 1);
  CHECK(std::ranges::count_if(world.lines, says("shares the work")) == 0);
  world.leases.refuse_lists({});
  pass(world, a, b);
  CHECK(a.owned() == share_of("a", {"a", "b"}));
  CHECK_FALSE(a.shards.failure());
  CHECK(a.shards.standing() == Shards::Standing{.holds_lease = true, .members = 2});
}

TEST_CASE("Who can't see the others any more keeps its share, and is not ready once its sight is old") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  Replica b{world, "b"};
  pass(world, a, b);
  world.leases.refuse_lists(Error{ErrorClass::Forbidden, "listing leases: 403", "grant it", {}, {}});
  pass(world, a, b);
  CHECK_FALSE(a.shards.failure());
  pass(world, a, b);
  REQUIRE(a.shards.failure());
  CHECK(a.shards.failure()->message == "listing leases: 403");
  CHECK(a.owned() == share_of("a", {"a", "b"}));
}

TEST_CASE("The Lease of a replica that is gone is removed once, also when nobody can see that it is") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  Replica b{world, "b"};
  pass(world, a, b);
  pass_alone(world, a, 25s);
  REQUIRE(a.owned() == all_keys());
  REQUIRE(world.leases.removals() == 0);
  world.leases.refuse_lists(Error{ErrorClass::Forbidden, "listing leases: 403", "grant it", {}, {}});
  pass_alone(world, a, 30s);
  CHECK(world.leases.removals() == 1);
}

TEST_CASE("Work whose shard moves is asked to stop, and the shard moves when it has ended") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  Replica b{world, "b"};
  const std::string moves = key_of_share("b", {"a", "b"});
  const std::string stays = key_of_share("a", {"a", "b"});
  world.settle(a.shards);
  auto moving = a.shards.begin(moves, {});
  const auto staying = a.shards.begin(stays, {});
  REQUIRE(moving);
  pass(world, a, b);
  CHECK(moving->is_lost());
  CHECK(moving->stop_token().stop_requested());
  CHECK_FALSE(staying->stop_token().stop_requested());
  CHECK_FALSE(a.shards.owns(moves));
  CHECK_FALSE(b.shards.owns(moves));
  CHECK(a.shards.begin(moves, {}) == nullptr);
  moving.reset();
  pass(world, a, b);
  CHECK(b.shards.owns(moves));
  CHECK_FALSE(a.shards.owns(moves));
}

TEST_CASE("Work of a lease that ended is lost for good, and its key is worked on again only after it") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  world.settle(a.shards);
  auto work = a.shards.begin("r/app-1", {});
  world.leases.set_away(true);
  const auto end = a.shards.expire();
  CHECK(end == world.steady.now() + 10s);
  world.steady.advance(9999ms);
  CHECK(a.shards.owns("r/app-1"));
  world.steady.advance(1ms);
  CHECK_FALSE(a.shards.owns("r/app-1"));
  a.shards.expire();
  CHECK(work->stop_token().stop_requested());
  CHECK(a.shards.failure());
  CHECK_THAT(world.lines.back(), Catch::Contains("the own lease is over"));

  world.leases.set_away(false);
  a.take_told();
  world.settle(a.shards);
  CHECK(a.shards.owns("r/app-2"));
  CHECK_FALSE(a.shards.owns("r/app-1"));
  CHECK_FALSE(a.take_told().contains("r/app-1"));
  work.reset();
  world.settle(a.shards);
  CHECK(a.shards.owns("r/app-1"));
  CHECK(a.take_told() == std::set<std::string>{"r/app-1"});
}

TEST_CASE("A renewal that comes too late gives back nothing by itself") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  world.settle(a.shards);
  const auto work = a.shards.begin("r/app-1", {});
  a.take_told();
  // Nobody called expire() meanwhile: the process was stopped.
  world.steady.advance(60s);
  world.settle(a.shards);
  CHECK(work->is_lost());
  CHECK(a.shards.owns("r/app-2"));
  CHECK(a.take_told().size() == tests::kKeys.size() - 1);
}

TEST_CASE("Work that ends without having been lost is no news") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  world.settle(a.shards);
  a.take_told();
  a.shards.begin("r/app-1", {}).reset();
  world.settle(a.shards);
  CHECK(a.take_told().empty());
  CHECK(a.shards.owns("r/app-1"));
}

TEST_CASE("Work stops when whoever began it asks") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  world.settle(a.shards);
  std::stop_source stop;
  const auto work = a.shards.begin("r/app-1", stop.get_token());
  CHECK_FALSE(work->stop_token().stop_requested());
  stop.request_stop();
  CHECK(work->stop_token().stop_requested());
  CHECK_FALSE(work->is_lost());
}

TEST_CASE("A lease is not given back under work") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  world.settle(a.shards);
  auto work = a.shards.begin("r/app-1", {});
  CHECK_FALSE(a.shards.release(1s, {}));
  CHECK(a.shards.owns("r/app-1"));
  work.reset();
  CHECK(a.shards.release(1s, {}));
  CHECK_FALSE(a.shards.owns("r/app-1"));
  CHECK(world.leases.all().empty());
}

TEST_CASE("A replica that was cut off watches everything anew, and has its share again once it does") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  Replica b{world, "b"};
  pass(world, a, b);
  pass_alone(world, b, 20s);
  REQUIRE(b.owned() == all_keys());
  REQUIRE(a.times_begun_anew == 0);
  a.falls_behind = true;
  pass(world, a, b);
  CHECK(a.times_begun_anew == 1);
  CHECK(a.owned().empty());
  CHECK(b.owned() == all_keys());
  REQUIRE(a.shards.failure());
  CHECK_THAT(a.shards.failure()->message, Catch::Contains("not watched again since"));
  a.is_behind = false;
  pass(world, a, b);
  CHECK(a.owned() == share_of("a", {"a", "b"}));
  CHECK(b.owned() == share_of("b", {"a", "b"}));
  CHECK(a.times_begun_anew == 1);
  CHECK(b.times_begun_anew == 0);
  CHECK_FALSE(a.shards.failure());
}

TEST_CASE("A replica alone watches everything anew after an outage, and goes on meanwhile") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  world.settle(a.shards);
  world.leases.set_away(true);
  for (int i = 0; i < 24; ++i) {
    world.settle(a.shards);
    world.steady.advance(500ms);
  }
  REQUIRE(a.owned().empty());
  REQUIRE(a.times_begun_anew == 0);
  a.falls_behind = true;
  world.leases.set_away(false);
  world.settle(a.shards);
  CHECK(a.times_begun_anew == 1);
  CHECK(a.owned() == all_keys());
}

TEST_CASE("Nothing is owned while the lease is on its way back") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  world.settle(a.shards);
  REQUIRE(a.owned() == all_keys());
  std::vector<std::set<std::string>> owned_meanwhile;
  world.leases.before_update = [&] { owned_meanwhile.push_back(a.owned()); };
  CHECK(a.shards.release(1s, {}));
  CHECK(owned_meanwhile == std::vector{std::set<std::string>{}});
}

TEST_CASE("A replica that can't do its work leaves it to the others, and comes back when it can") {
  TwoAtWork two;
  auto& [world, a, b, work] = two;
  a.cannot_work = kDiskIsFull;
  pass(world, a, b);
  CHECK(work->stop_token().stop_requested());
  CHECK(a.owned().empty());
  CHECK(b.owned() == share_of("b", {"a", "b"}));
  work.reset();
  pass(world, a, b);
  CHECK(b.owned() == all_keys());
  REQUIRE(a.shards.failure());
  CHECK(a.shards.failure()->message == "the disk is full");
  CHECK_FALSE(a.shards.standing().holds_lease);
  CHECK_THAT(world.lines.back(), Catch::Contains("0 other replicas"));

  SECTION("when it can") {
    a.take_told();
    a.cannot_work.reset();
    pass(world, a, b);
    CHECK(a.owned() == share_of("a", {"a", "b"}));
    CHECK(a.take_told() == a.owned());
    CHECK(b.owned() == share_of("b", {"a", "b"}));
    CHECK_FALSE(a.shards.failure());
  }
  SECTION("not when it ends meanwhile") {
    a.cannot_work.reset();
    CHECK(a.shards.release(1s, {}));
    pass(world, a, b);
    CHECK(a.owned().empty());
    CHECK(b.owned() == all_keys());
  }
}

TEST_CASE("A thread on its way to the lease gives nothing back under work that another has just found lost") {
  TwoAtWork two;
  auto& [world, a, b, work] = two;
  bool has_met = false;
  a.before_it_sees = [&] {
    has_met = true;
    world.steady.advance(2s);
    a.cannot_work = kDiskIsFull;
    a.shards.step({});
    REQUIRE(work->stop_token().stop_requested());
  };
  a.shards.step({});
  REQUIRE(has_met);
  pass(world, a, b);
  CHECK(b.owned() == share_of("b", {"a", "b"}));
  work.reset();
  pass(world, a, b);
  CHECK(b.owned() == all_keys());
}

TEST_CASE("Who waits to learn whether it can work leaves its share to the others when its authority is over") {
  const bool is_able = GENERATE(true, false);
  TwoAtWork two;
  auto& [world, a, b, work] = two;
  bool has_hung = false;
  a.before_it_knows = [&] {
    has_hung = true;
    const auto over = world.steady.now() + 10s;
    for (; world.steady.now() < over; world.steady.advance(500ms)) {
      world.settle(a.shards);
      world.settle(b.shards);
      REQUIRE(a.owned() == share_of("a", {"a", "b"}));
      REQUIRE_FALSE(a.shards.failure());
    }
    world.settle(a.shards);
    CHECK(work->stop_token().stop_requested());
    CHECK(a.owned().empty());
    REQUIRE(a.shards.failure());
    CHECK_THAT(a.shards.failure()->message, Catch::Contains("gives no answer"));
    CHECK(b.owned() == share_of("b", {"a", "b"}));
    work.reset();
    pass(world, a, b);
    CHECK(b.owned() == all_keys());
    if (!is_able) a.cannot_work = kDiskIsFull;
  };
  world.settle(a.shards);
  REQUIRE(has_hung);
  pass(world, a, b);
  CHECK(a.owned() == (is_able ? share_of("a", {"a", "b"}) : std::set<std::string>{}));
  CHECK(b.owned() == (is_able ? share_of("b", {"a", "b"}) : all_keys()));
  CHECK(a.shards.failure().value_or(Error{}).message == (is_able ? "" : "the disk is full"));
}

TEST_CASE("Who waits alone to learn whether it can work keeps it until another comes") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  bool has_hung = false;
  a.before_it_knows = [&] {
    has_hung = true;
    pass_alone(world, a, 20s);
    CHECK(a.owned() == all_keys());
    CHECK_FALSE(a.shards.failure());
    Replica b{world, "b"};
    pass(world, a, b);
    pass(world, a, b);
    CHECK(a.owned().empty());
    CHECK(b.owned() == all_keys());
  };
  world.settle(a.shards);
  CHECK(has_hung);
}

TEST_CASE("A replica alone keeps its work whether it can do it or not") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  a.cannot_work = kDiskIsFull;
  for (int i = 0; i < 12; ++i) {
    world.settle(a.shards);
    world.steady.advance(500ms);
  }
  CHECK(a.owned() == all_keys());
  CHECK_FALSE(a.shards.failure());
  Replica b{world, "b"};
  for (int i = 0; i < 24; ++i) {
    world.settle(b.shards);
    world.settle(a.shards);
    world.steady.advance(500ms);
  }
  CHECK(a.owned().empty());
  CHECK(b.owned() == all_keys());
}

TEST_CASE("While a list is on its way the lease is renewed") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  world.settle(a.shards);
  REQUIRE(a.owned() == all_keys());
  int renewals = 0;
  world.leases.before_update = [&] { ++renewals; };
  world.leases.before_list = [&] {
    world.leases.before_list = nullptr;
    for (int i = 0; i < 4; ++i) {
      world.steady.advance(4s);
      world.settle(a.shards);
      CHECK(a.owned() == all_keys());
    }
  };
  world.steady.advance(2s);
  world.settle(a.shards);
  CHECK(renewals == 5);
  CHECK(a.owned() == all_keys());
}

TEST_CASE("Whoever leaves its share waits for the list that is on its way before it comes back") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  Replica b{world, "b"};
  pass(world, a, b);
  world.leases.before_list = [&] {
    world.leases.before_list = nullptr;
    a.cannot_work = kDiskIsFull;
    world.steady.advance(2s);
    world.settle(a.shards);
    CHECK(a.owned().empty());
    a.cannot_work.reset();
    world.steady.advance(2s);
    world.settle(a.shards);
    REQUIRE(a.shards.failure());
    CHECK(a.shards.failure()->message == "the disk is full");
  };
  world.steady.advance(2s);
  world.settle(a.shards);
  REQUIRE_FALSE(world.leases.before_list);
  pass(world, a, b);
  pass(world, a, b);
  CHECK(a.owned() == share_of("a", {"a", "b"}));
  CHECK(b.owned() == share_of("b", {"a", "b"}));
}

TEST_CASE("Why there is no lease is logged once, and who shares the work whenever that changes") {
  tests::ShardsWorld world;
  Replica a{world, "a"};
  world.leases.set_away(true);
  for (int i = 0; i < 5; ++i) {
    world.settle(a.shards);
    world.steady.advance(1s);
  }
  REQUIRE(world.lines.size() == 1);
  CHECK_THAT(world.lines[0], Catch::Contains("no answer"));
  world.leases.set_away(false);
  world.settle(a.shards);
  world.steady.advance(3s);
  world.settle(a.shards);
  REQUIRE(world.lines.size() == 2);
  CHECK_THAT(world.lines[1], Catch::Contains("shares the work with 0 other replicas"));
}

TEST_CASE("A replica whose machine makes no more threads keeps its lease and ends as it is asked to") {
  tests::ShardsWorld world;
  std::stop_source stop;
  Shards shards(tests::ShardsWorld::options("a"), world.hands(), [&](const auto&) { stop.request_stop(); });
  const tests::NoThreads none;
  shards.run(stop.get_token());
  CHECK(shards.standing().holds_lease);
}

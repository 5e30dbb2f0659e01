#include "controller/cluster/exclusive_leases.h"

#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/cluster/shards.h"
#include "tests/catch.h"
#include "tests/unit/controller/cluster/shards_world.h"

using namespace slipway;
using namespace slipway::cluster;
using namespace std::chrono_literals;

namespace {

const std::string kKey = "r/app";

/// The Leases of all installations; names differ.
struct Everybody final : ClusterLeases {
  Result<std::vector<kube::Lease>> list_all(const std::set<std::string>& also, std::chrono::milliseconds longest,
                                            const std::stop_token& stop) override {
    ++lists;
    if (refusal) return std::unexpected(*refusal);
    auto found = kept.list(longest, stop);
    if (during_list) during_list();
    if (!found) return found;
    std::erase_if(*found, [&](const kube::Lease& lease) {
      return unbound.contains(lease.namespace_name) && !also.contains(lease.namespace_name);
    });
    return found;
  }
  tests::LeasesAtHand kept;
  std::function<void()> during_list;  ///< Called on the thread that asks, while the answer is on its way.
  std::set<std::string> unbound;      ///< Namespaces whose installation has no binding any more.
  std::optional<Error> refusal;
  int lists = 0;
};

/// Those of one group in one namespace; and what may go wrong.
class OfOneGroup final : public LeaseStore {
 public:
  OfOneGroup(Everybody& all, MembershipOptions options) : all_(all), options_(std::move(options)) {}
  Result<std::vector<kube::Lease>> list(std::chrono::milliseconds longest, const std::stop_token& stop) override {
    if (is_away) return no_answer();
    auto found = all_.kept.list(longest, stop);
    if (!found) return found;
    std::erase_if(*found, [&](const kube::Lease& lease) {
      return lease.namespace_name != options_.namespace_name ||
             lease.labels.at(std::string(kReplicaGroup)) != options_.group;
    });
    return found;
  }
  Result<kube::Lease> create(const kube::Lease& lease, std::chrono::milliseconds longest,
                             const std::stop_token& stop) override {
    return answer([&] { return all_.kept.create(lease, longest, stop); });
  }
  Result<kube::Lease> update(const kube::Lease& lease, std::chrono::milliseconds longest,
                             const std::stop_token& stop) override {
    return answer([&] { return all_.kept.update(lease, longest, stop); });
  }
  Result<void> remove(const kube::Lease& lease, std::chrono::milliseconds longest,
                      const std::stop_token& stop) override {
    if (is_away) return no_answer();
    return all_.kept.remove(lease, longest, stop);
  }

  bool is_away = false;
  bool loses_answer = false;  ///< Of the next write.

 private:
  static std::unexpected<Error> no_answer() { return fail(ErrorClass::Unavailable, "no answer", "-"); }
  template <class Write>
  Result<kube::Lease> answer(const Write& write) {
    if (is_away) return no_answer();
    auto written = write();
    if (std::exchange(loses_answer, false)) return no_answer();
    return written;
  }

  Everybody& all_;
  const MembershipOptions options_;
};

struct AwayOrAll final : ClusterLeases {
  AwayOrAll(Everybody& everybody, const OfOneGroup& group) : all(everybody), own(group) {}
  Result<std::vector<kube::Lease>> list_all(const std::set<std::string>& also, std::chrono::milliseconds longest,
                                            const std::stop_token& stop) override {
    if (own.is_away) return fail(ErrorClass::Unavailable, "no answer", "-");
    return all.list_all(also, longest, stop);
  }
  Everybody& all;
  const OfOneGroup& own;
};

struct World : tests::ShardsWorld {
  Everybody all;
};

/// One replica of an installation, whose Leases are named after it.
struct Replica {
  Replica(World& world, const std::string& namespace_name, const std::string& group, const std::string& name)
      : options{.namespace_name = namespace_name, .group = group, .name = name, .holder = name + "_1", .times = {}},
        leases(world.all, options),
        everywhere(world.all, leases),
        exclusive(options, {leases, everywhere, world.steady}),
        shards(options, {exclusive, world.clock, world.steady, world.log}, [](const Shards::Gained&) {}) {}
  bool works() const { return shards.owns(kKey); }
  std::string failure() const { return shards.failure() ? shards.failure()->message : ""; }

  const MembershipOptions options;
  OfOneGroup leases;
  AwayOrAll everywhere;
  ExclusiveLeases exclusive;
  Shards shards;
};

/// Time passes for all of them.
void pass(World& world, const std::vector<Replica*>& replicas, std::chrono::milliseconds time) {
  for (const auto end = world.steady.now() + time; world.steady.now() < end; world.steady.advance(250ms))
    for (Replica* replica : replicas)
      for (int steps = 0; steps < 20 && replica->shards.step({}) <= world.steady.now(); ++steps) continue;
}

}  // namespace

TEST_CASE("A second installation waits, without a Lease, until the first is gone, and says whose Lease is in the way") {
  World world;
  Replica first{world, "slipway-system", "slipway", "slipway-0"};
  const bool is_other_namespace = GENERATE(true, false);
  Replica second{world, is_other_namespace ? "elsewhere" : "slipway-system", is_other_namespace ? "slipway" : "eu",
                 "eu-0"};
  pass(world, {&first}, 3s);
  REQUIRE(first.works());
  pass(world, {&first, &second}, 60s);
  CHECK(first.works());
  CHECK_FALSE(second.works());
  CHECK(world.all.kept.all().size() == 1);
  CHECK(second.failure() ==
        "another installation of Slipway works on this cluster: slipway in namespace slipway-system holds the Lease "
        "slipway-0");

  SECTION("it is uninstalled") {
    REQUIRE(first.shards.release(1s, {}));
    pass(world, {&second}, 6s);
    CHECK(second.works());
  }
  SECTION("it is killed") {
    pass(world, {&second}, 12s);
    CHECK_FALSE(second.works());
    pass(world, {&second}, 8s);
    CHECK(second.works());
  }
}

TEST_CASE("An installation that is uninstalled is waited for when its binding is gone, too, until its work has ended") {
  World world;
  Replica first{world, "slipway-system", "slipway", "slipway-0"};
  Replica second{world, "elsewhere", "slipway", "eu-0"};
  pass(world, {&first}, 3s);
  pass(world, {&first, &second}, 6s);
  REQUIRE(first.works());
  world.all.unbound.insert("slipway-system");
  pass(world, {&first, &second}, 30s);
  CHECK(first.works());
  CHECK_FALSE(second.works());

  SECTION("it gives its Lease back") {
    REQUIRE(first.shards.release(1s, {}));
    pass(world, {&second}, 6s);
    CHECK(second.works());
  }
  SECTION("it may not even do that") {
    pass(world, {&second}, 12s);
    CHECK_FALSE(second.works());
    pass(world, {&second}, 8s);
    CHECK(second.works());
    // The Lease that stays is looked at no more.
    second.leases.is_away = true;
    pass(world, {&second}, 15s);
    second.leases.is_away = false;
    pass(world, {&second}, 3s);
    CHECK(second.works());
  }
  SECTION("nothing can be seen meanwhile") {
    second.leases.is_away = true;
    pass(world, {&first, &second}, 30s);
    second.leases.is_away = false;
    pass(world, {&first, &second}, 20s);
    CHECK(first.works());
    CHECK_FALSE(second.works());
  }
}

TEST_CASE("Replicas of one installation share the work while another waits") {
  World world;
  Replica a{world, "s", "slipway", "slipway-0"};
  Replica b{world, "s", "slipway", "slipway-1"};
  Replica other{world, "s", "eu", "eu-0"};
  pass(world, {&a}, 3s);
  pass(world, {&a, &b, &other}, 10s);
  CHECK(a.shards.standing() == Shards::Standing{.holds_lease = true, .members = 2});
  CHECK(b.shards.standing() == Shards::Standing{.holds_lease = true, .members = 2});
  CHECK_FALSE(other.works());
  const int lists = world.all.lists;
  pass(world, {&a, &b}, 10s);
  CHECK(world.all.lists == lists);  // Who has worked looks at its own group alone.
}

TEST_CASE("Of two that come at once one works") {
  World world;
  Replica a{world, "a", "slipway", "slipway-a"};
  Replica b{world, "b", "slipway", "slipway-b"};
  // Both look before either has a Lease, then both make one.
  for (Replica* replica : {&a, &b}) replica->shards.step({});
  for (Replica* replica : {&a, &b}) replica->shards.step({});
  REQUIRE(world.all.kept.all().size() == 2);
  for (int turns = 0; turns < 200; ++turns) {
    pass(world, {&a, &b}, 250ms);
    REQUIRE_FALSE((a.works() && b.works()));
  }
  CHECK(a.works());
  CHECK_FALSE(b.works());
  CHECK_THAT(b.failure(), Catch::StartsWith("another installation of Slipway works on this cluster: slipway in"));
}

TEST_CASE("Of two that come at once a group of one host waits, wherever it is") {
  World world;
  Replica laptop{world, "a", "run-laptop", "run-laptop"};
  Replica pod{world, "b", "slipway", "slipway-0"};
  for (Replica* replica : {&laptop, &pod}) replica->shards.step({});
  for (Replica* replica : {&laptop, &pod}) replica->shards.step({});
  REQUIRE(world.all.kept.all().size() == 2);
  pass(world, {&laptop, &pod}, 50s);
  CHECK(pod.works());
  CHECK_FALSE(laptop.works());
}

TEST_CASE("Who was stopped while another began lets its Lease go, and an outage changes nothing about that") {
  World world;
  // Both sort before the one that begins.
  const std::string group = GENERATE("run-laptop", "eu");
  Replica stopped{world, "a", group, group + "-0"};
  Replica pod{world, "b", "slipway", "slipway-0"};
  pass(world, {&stopped}, 3s);
  REQUIRE(stopped.works());
  pass(world, {&pod}, std::chrono::milliseconds{GENERATE(20'000, 20'250, 20'500, 21'000, 21'750)});
  REQUIRE(pod.works());

  pass(world, {&stopped, &pod}, 30s);
  CHECK(pod.works());
  CHECK_FALSE(stopped.works());
  CHECK_THAT(stopped.failure(), Catch::StartsWith("another installation of Slipway works on this cluster: slipway in"));
  for (const kube::Lease& lease : world.all.kept.all()) CHECK(lease.holder.empty() == (lease.name == group + "-0"));

  stopped.leases.is_away = pod.leases.is_away = true;
  pass(world, {&stopped, &pod}, 15s);
  REQUIRE_FALSE(pod.works());
  stopped.leases.is_away = pod.leases.is_away = false;
  const bool is_first = GENERATE(true, false);
  pass(world, is_first ? std::vector{&stopped, &pod} : std::vector{&pod, &stopped}, 6s);
  CHECK(pod.works());
  pass(world, {&stopped, &pod}, 30s);
  CHECK(pod.works());
  CHECK_FALSE(stopped.works());
}

TEST_CASE("Who goes on in the midst of an outage does not take the cluster from who worked before it") {
  World world;
  Replica laptop{world, "a", "run-laptop", "run-laptop"};
  Replica pod{world, "b", "slipway", "slipway-0"};
  pass(world, {&laptop}, 3s);
  pass(world, {&pod}, 20s);
  REQUIRE(pod.works());
  laptop.leases.is_away = pod.leases.is_away = true;
  pass(world, {&laptop, &pod}, std::chrono::milliseconds{GENERATE(15'000, 15'250, 15'500, 16'000, 17'000)});
  laptop.leases.is_away = pod.leases.is_away = false;
  const bool is_first = GENERATE(true, false);
  pass(world, is_first ? std::vector{&laptop, &pod} : std::vector{&pod, &laptop}, 50s);
  CHECK(pod.works());
  CHECK_FALSE(laptop.works());
}

TEST_CASE("Whose renewal is answered after its Lease was over looks again for another installation") {
  World world;
  Replica a{world, "a", "slipway", "slipway-a"};
  pass(world, {&a}, 3s);
  REQUIRE(a.works());
  const int lists = world.all.lists;
  world.all.kept.before_update = [&] {
    world.all.kept.before_update = nullptr;
    world.steady.advance(9s);
  };
  pass(world, {&a}, 9s);
  pass(world, {&a}, 3s);
  CHECK(world.all.lists == lists + 1);
  CHECK(a.works());
}

TEST_CASE("A look during which the own Lease was over does not show that nobody else works") {
  World world;
  Replica a{world, "a", "slipway", "slipway-a"};
  world.all.during_list = [&] {
    if (world.all.lists != 2) return;
    world.steady.advance(9s);
    world.all.kept.before_update = [&] {
      world.all.kept.before_update = nullptr;
      world.steady.advance(2s);
    };
    REQUIRE(a.exclusive.update(world.all.kept.all().front(), 1s, {}));
  };
  pass(world, {&a}, 13s);
  CHECK(world.all.lists == 3);
  CHECK(a.works());
}

TEST_CASE("Who could not renew its Lease looks again for another installation") {
  World world;
  Replica a{world, "a", "slipway", "slipway-a"};
  Replica b{world, "b", "slipway", "slipway-b"};
  pass(world, {&a}, 3s);
  a.leases.is_away = true;
  pass(world, {&a, &b}, 30s);
  CHECK_FALSE(a.works());
  CHECK(b.works());
  a.leases.is_away = false;
  pass(world, {&a, &b}, 30s);
  CHECK_FALSE(a.works());
  CHECK(b.works());
}

TEST_CASE(
    "Another installation's Lease that says it lasts for years is waited for as long as one that is not renewed") {
  World world;
  kube::Lease forever{.namespace_name = "b",
                      .name = "eu-0",
                      .resource_version = {},
                      .labels = {{std::string(kReplicaGroup), "eu"}},
                      .annotations = {},
                      .holder = "eu-0_1",
                      .duration = std::chrono::seconds{2147483647},
                      .acquired = {},
                      .renewed = {}};
  REQUIRE(world.all.kept.create(forever, 1s, {}));
  Replica a{world, "a", "slipway", "slipway-a"};
  pass(world, {&a}, 30s);
  CHECK_FALSE(a.works());
  pass(world, {&a}, 40s);
  CHECK(a.works());
}

TEST_CASE("Who lost its Lease to an outage and meets another installation has none, is not ready, and says so") {
  World world;
  Replica a{world, "a", "slipway", "slipway-a"};
  pass(world, {&a}, 3s);
  REQUIRE(a.works());
  a.leases.is_away = true;
  pass(world, {&a}, 12s);
  Replica b{world, "b", "slipway", "slipway-b"};
  // It has a Lease and was not yet told that another has one.
  const kube::Lease lease{.namespace_name = "b",
                          .name = "slipway-b",
                          .resource_version = {},
                          .labels = {{std::string(kReplicaGroup), "slipway"}},
                          .annotations = {},
                          .holder = "slipway-b_2",
                          .acquired = {},
                          .renewed = {}};
  REQUIRE(world.all.kept.create(lease, 1s, {}));
  a.leases.is_away = false;
  pass(world, {&a}, 2s);
  CHECK_FALSE(a.works());
  CHECK_THAT(a.failure(), Catch::StartsWith("another installation of Slipway works on this cluster: slipway in"));
  CHECK(a.shards.standing() == Shards::Standing{.holds_lease = false, .members = 0});
  pass(world, {&a}, 15s);
  CHECK(a.works());
  CHECK(a.failure().empty());
}

TEST_CASE("Without the right to look nobody works, and the right is named") {
  World world;
  world.all.refusal = Error{ErrorClass::Forbidden, "listing leases: 403", "add the right", {}, {}};
  Replica a{world, "a", "slipway", "slipway-a"};
  pass(world, {&a}, 5s);
  CHECK_FALSE(a.works());
  CHECK(a.failure() == "listing leases: 403");
  CHECK(a.shards.failure()->remedy ==
        "whether another installation works on this cluster can't be seen: add the right");
}

TEST_CASE("Whatever happens, no two installations work on a key, and one does once it is calm") {
  const char* asked = std::getenv("SLIPWAY_MODEL_SEEDS");
  const unsigned seeds = asked != nullptr ? static_cast<unsigned>(std::stoul(asked)) : 60;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto roll = [&](int most) { return std::uniform_int_distribution<int>{1, most}(random); };
    World world;
    std::vector<std::unique_ptr<Replica>> replicas;
    int started = 0;
    const auto start = [&] {
      const std::string group = std::string(1, static_cast<char>('a' + started % 3));
      replicas.push_back(std::make_unique<Replica>(world, "n-" + group, group, group + std::to_string(started)));
      ++started;
    };
    const auto check = [&] {
      for (const auto& one : replicas)
        for (const auto& other : replicas)
          REQUIRE_FALSE((one->options.group != other->options.group && one->works() && other->works()));
    };
    for (int i = 0; i < 4; ++i) start();
    for (int turn = 0; turn < 600; ++turn) {
      for (const auto& replica : replicas) {
        if (roll(4) == 1) continue;  // Slow, or stopped.
        if (roll(60) == 1) replica->leases.is_away = !replica->leases.is_away;
        if (roll(40) == 1) replica->leases.loses_answer = true;
        replica->shards.step({});
        check();
      }
      if (!replicas.empty() && roll(60) == 1) replicas.erase(replicas.begin());  // Killed, or ended.
      if (replicas.size() < 4 && roll(20) == 1) start();
      world.steady.advance(std::chrono::milliseconds{roll(40) == 1 ? roll(15'000) : roll(700)});
      check();
    }
    std::vector<Replica*> left;
    for (const auto& replica : replicas) {
      replica->leases.is_away = replica->leases.loses_answer = false;
      left.push_back(replica.get());
    }
    if (left.empty()) continue;
    pass(world, left, 90s);
    check();
    CHECK(std::ranges::count_if(left, &Replica::works) == 1);
  }
}

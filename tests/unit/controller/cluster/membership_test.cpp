#include "controller/cluster/membership.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/unit/controller/cluster/in_memory_leases.h"

using namespace slipway;
using namespace slipway::cluster;
using namespace std::chrono_literals;

namespace {

using Ms = std::chrono::milliseconds;

struct Process {
  std::string name;
  Membership membership;
  bool is_running = true;
  bool is_drained = true;
  bool is_behind = false;
  Membership::Time due{};
};

/// Replicas that share one clock and whose requests take no time.
class Cluster {
 public:
  Process& start(const std::string& name, const std::string& process = "1") {
    processes_.push_back(std::make_unique<Process>(Process{
        name,
        Membership(
            {.namespace_name = "s", .group = "slipway", .name = name, .holder = name + "_" + process, .times = {}})}));
    settle();
    return *processes_.back();
  }

  /// Time goes on, in small steps.
  void pass(Ms time) {
    const auto end = now + time;
    while (now < end) {
      now += 50ms;
      settle();
    }
  }
  /// How long it takes until `is_so`, at most a minute.
  template <class Condition>
  Ms time_until(Condition is_so) {
    const auto start = now;
    while (!is_so() && now - start < 60s) pass(50ms);
    return std::chrono::duration_cast<Ms>(now - start);
  }

  bool holds(const Process& process, const std::string& key) const {
    return process.membership.holdings().holds(key, now);
  }
  /// Which of the keys the replica holds.
  Members held(const Process& process) const {
    Members keys;
    for (int i = 0; i < 40; ++i)
      if (holds(process, key(i))) keys.insert(key(i));
    return keys;
  }
  static std::string key(int number) { return "r.example/app-" + std::to_string(number); }
  static Members share_of(const std::string& name, const Members& members) {
    Members keys;
    for (int i = 0; i < 40; ++i)
      if (owner_of(key(i), members) == name) keys.insert(key(i));
    return keys;
  }

  tests::InMemoryLeases leases;
  Membership::Time now{std::chrono::hours(1000)};
  Timestamp wall{std::chrono::milliseconds(1'790'000'000'000)};
  bool is_away = false;
  std::optional<std::chrono::seconds> retry_after;  ///< What is said with it.
  int removals = 0;
  Result<void> removal;  ///< What whoever removes a lease is told, where that is an error.

 private:
  void settle() {
    for (auto& process : processes_)
      if (process->is_running && now >= process->due) step(*process);
  }

  void step(Process& process) {
    for (int requests = 0; requests < 20; ++requests) {
      const auto ask = process.membership.next(
          now, {.wall = wall, .is_drained = process.is_drained, .is_behind = process.is_behind});
      if (const auto* wait = std::get_if<Membership::Wait>(&ask)) {
        // A change of is_drained makes it due sooner.
        process.due = std::min(wait->until, now + 100ms);
        return;
      }
      carry_out(process.membership, ask);
    }
    FAIL(process.name << " never comes to rest");
  }

  void carry_out(Membership& membership, const Membership::Ask& ask) {
    if (is_away) {
      auto nothing = fail(ErrorClass::Unavailable, "no answer", "-");
      nothing.error().retry_after = retry_after;
      if (std::holds_alternative<Membership::List>(ask)) return membership.listed(nothing, now);
      if (std::holds_alternative<Membership::Remove>(ask)) return membership.removed(nothing, now);
      return membership.written(nothing, now);
    }
    if (std::holds_alternative<Membership::List>(ask)) return membership.listed(leases.list(), now);
    if (const auto* dead = std::get_if<Membership::Remove>(&ask)) {
      ++removals;
      return membership.removed(removal ? leases.remove(dead->lease) : removal, now);
    }
    if (const auto* made = std::get_if<Membership::Create>(&ask))
      return membership.written(leases.create(made->lease), now);
    membership.written(leases.update(std::get<Membership::Update>(ask).lease), now);
  }

  std::vector<std::unique_ptr<Process>> processes_;
};

}  // namespace

TEST_CASE("A replica alone holds every key at once") {
  Cluster cluster;
  const Process& a = cluster.start("a");
  CHECK(cluster.held(a).size() == 40);
  CHECK_FALSE(a.membership.failure());
}

TEST_CASE("People see in the Lease whose it is, since when, and among whom the keys are shared") {
  Cluster cluster;
  cluster.start("a");
  cluster.start("b");
  cluster.wall += 2s;
  cluster.pass(3s);
  const kube::Lease* lease = cluster.leases.find("a");
  REQUIRE(lease != nullptr);
  CHECK(lease->holder == "a_1");
  CHECK(lease->duration == 15s);
  CHECK(lease->labels == std::map<std::string, std::string>{{"slipway.dev/replica-of", "slipway"}});
  CHECK(lease->annotations == std::map<std::string, std::string>{{"slipway.dev/shard-members", "v1 a b"}});
  CHECK(lease->renewed == cluster.wall);
  CHECK(lease->acquired == cluster.wall - 2s);
}

TEST_CASE("A replica that comes gets its share within seconds, and nothing else moves") {
  Cluster cluster;
  const Process& a = cluster.start("a");
  const Process& b = cluster.start("b");
  cluster.pass(5s);
  const Process& c = cluster.start("c");
  const Members all{"a", "b", "c"};
  const auto is_shared = [&] {
    CHECK(cluster.held(a).size() >= Cluster::share_of("a", all).size());
    CHECK(cluster.held(b).size() >= Cluster::share_of("b", all).size());
    return cluster.held(c) == Cluster::share_of("c", all);
  };
  CHECK(cluster.time_until(is_shared) <= 3s);
  CHECK(cluster.held(a) == Cluster::share_of("a", all));
  CHECK(cluster.held(b) == Cluster::share_of("b", all));
}

TEST_CASE("A key moves only when work on it has ended") {
  Cluster cluster;
  Process& a = cluster.start("a");
  a.is_drained = false;
  const Process& b = cluster.start("b");
  cluster.pass(30s);
  CHECK(cluster.held(b).empty());
  CHECK(cluster.held(a) == Cluster::share_of("a", {"a", "b"}));
  a.is_drained = true;
  CHECK(cluster.time_until([&] { return cluster.held(b) == Cluster::share_of("b", {"a", "b"}); }) <= 1s);
}

TEST_CASE("What a killed replica held is taken over within the lease time, but not before its authority is over") {
  const auto killed_after = GENERATE(100ms, 1000ms, 1900ms);
  Cluster cluster;
  const Process& a = cluster.start("a");
  const Process& b = cluster.start("b");
  Process& c = cluster.start("c");
  cluster.pass(10s + killed_after);
  c.is_running = false;
  const auto is_taken = [&] { return cluster.held(a).size() + cluster.held(b).size() == 40; };
  const auto took = cluster.time_until(is_taken);
  CHECK(took <= 15s);
  CHECK(took >= 10s);
  CHECK(cluster.held(c).empty());
}

TEST_CASE("What a replica gives back is taken over at once") {
  Cluster cluster;
  const Process& a = cluster.start("a");
  const Process& b = cluster.start("b");
  Process& c = cluster.start("c");
  cluster.pass(10s);
  c.membership.release(cluster.now);
  CHECK(cluster.held(c).empty());
  CHECK(cluster.time_until([&] { return cluster.held(a).size() + cluster.held(b).size() == 40; }) <= 2500ms);
  CHECK(c.membership.is_released());
  REQUIRE(cluster.leases.find("c") != nullptr);
  CHECK(cluster.leases.find("c")->holder.empty());
}

TEST_CASE("Leases of who is gone are removed") {
  Cluster cluster;
  cluster.start("a");
  Process& b = cluster.start("b");
  Process& c = cluster.start("c");
  cluster.pass(10s);
  b.membership.release(cluster.now);
  c.is_running = false;
  cluster.pass(60s);
  CHECK(cluster.leases.list().size() == 1);
}

TEST_CASE("A lease that can't be removed is left for half a minute each time") {
  Cluster cluster;
  cluster.start("a");
  Process& b = cluster.start("b");
  cluster.pass(10s);
  b.membership.release(cluster.now);
  cluster.removal = fail(ErrorClass::Forbidden, "delete leases: 403", "grant it");
  cluster.pass(35s);
  REQUIRE(cluster.removals == 1);
  cluster.pass(60s);
  CHECK(cluster.removals == 3);
  cluster.removal = {};
  cluster.pass(30s);
  CHECK(cluster.leases.list().size() == 1);
}

TEST_CASE("The last replica leaves nothing behind") {
  Cluster cluster;
  Process& a = cluster.start("a");
  cluster.pass(5s);
  a.membership.release(cluster.now);
  cluster.pass(1s);
  CHECK(a.membership.is_released());
  CHECK(cluster.leases.list().empty());
}

TEST_CASE("A replica that never had a lease has none to give back") {
  Cluster cluster;
  cluster.is_away = true;
  Process& a = cluster.start("a");
  a.membership.release(cluster.now);
  cluster.pass(1s);
  CHECK(a.membership.is_released());
}

TEST_CASE("A replica that was stopped holds nothing when it goes on, and comes back by itself") {
  Cluster cluster;
  Process& a = cluster.start("a");
  const Process& b = cluster.start("b");
  cluster.pass(10s);
  a.is_running = false;
  cluster.pass(40s);
  CHECK(cluster.held(a).empty());
  CHECK(cluster.held(b).size() == 40);
  a.is_running = true;
  CHECK(cluster.time_until([&] { return cluster.held(a) == Cluster::share_of("a", {"a", "b"}); }) <= 3s);
  CHECK(cluster.held(b) == Cluster::share_of("b", {"a", "b"}));
}

TEST_CASE("Whoever was away leaves its share to the others until it knows again what there is to do") {
  const auto away_for = GENERATE(20s, 90s);
  Cluster cluster;
  Process& a = cluster.start("a");
  const Process& b = cluster.start("b");
  cluster.pass(10s);
  a.is_running = false;
  cluster.pass(away_for);
  a.is_behind = true;
  a.is_running = true;
  cluster.pass(30s);
  CHECK(cluster.held(a).empty());
  CHECK(cluster.held(b).size() == 40);
  CHECK_FALSE(a.membership.was_over());
  a.is_behind = false;
  CHECK(cluster.time_until([&] { return cluster.held(a) == Cluster::share_of("a", {"a", "b"}); }) <= 3s);
}

TEST_CASE("Whoever was away looks at the others before it renews its lease") {
  tests::InMemoryLeases leases;
  Membership a({.namespace_name = "s", .group = "slipway", .name = "a", .holder = "a_1", .times = {}});
  Membership::Time now{std::chrono::hours(1000)};
  const bool has_others = GENERATE(true, false);
  if (has_others) REQUIRE(leases.create({.name = "b", .holder = "b_1"}));
  const auto asks_for_list = [&] { return std::holds_alternative<Membership::List>(a.next(now, {})); };
  REQUIRE(asks_for_list());
  a.listed(leases.list(), now);
  a.written(leases.create(std::get<Membership::Create>(a.next(now, {})).lease), now);
  REQUIRE(asks_for_list());
  a.listed(leases.list(), now);
  now += 11s;
  CHECK(asks_for_list() == has_others);
  CHECK(a.was_over());
}

TEST_CASE("Whoever is alone goes on although it may not know yet what there is to do") {
  Cluster cluster;
  Process& a = cluster.start("a");
  cluster.is_away = true;
  cluster.pass(20s);
  a.is_behind = true;
  cluster.is_away = false;
  cluster.pass(2s);
  CHECK(cluster.held(a).size() == 40);
}

TEST_CASE("While the API server is away nobody works, and nobody is taken for dead when it is back") {
  Cluster cluster;
  const Process& a = cluster.start("a");
  const Process& b = cluster.start("b");
  cluster.pass(10s);
  const Members of_a = cluster.held(a);
  const Members of_b = cluster.held(b);
  cluster.is_away = true;
  cluster.pass(7s);
  CHECK(cluster.held(a) == of_a);
  CHECK(cluster.held(b) == of_b);
  cluster.pass(53s);
  CHECK(cluster.held(a).empty());
  CHECK(cluster.held(b).empty());
  REQUIRE(a.membership.failure());
  CHECK(a.membership.failure()->cls == ErrorClass::Unavailable);
  cluster.is_away = false;
  cluster.pass(2s);
  CHECK(cluster.held(a) == of_a);
  CHECK(cluster.held(b) == of_b);
}

TEST_CASE("An API server that asks for patience once costs no lease") {
  Cluster cluster;
  const Process& a = cluster.start("a");
  cluster.pass(10s);
  const Members of_a = cluster.held(a);
  cluster.is_away = true;
  cluster.retry_after = 32s;
  cluster.pass(2s);
  cluster.is_away = false;
  for (int seconds = 0; seconds < 20; ++seconds) {
    cluster.pass(1s);
    CHECK(cluster.held(a) == of_a);
  }
}

TEST_CASE("Times in leases decide nothing") {
  Cluster cluster;
  const Process& a = cluster.start("a");
  const Process& b = cluster.start("b");
  cluster.pass(5s);
  cluster.wall -= 24h;
  cluster.pass(20s);
  cluster.wall += 100h;
  cluster.pass(20s);
  CHECK(cluster.held(a) == Cluster::share_of("a", {"a", "b"}));
  CHECK(cluster.held(b) == Cluster::share_of("b", {"a", "b"}));
}

TEST_CASE("A lease that somebody deletes is made anew, and until then nobody takes over") {
  Cluster cluster;
  Process& a = cluster.start("a");
  const Process& b = cluster.start("b");
  cluster.pass(5s);
  SECTION("its holder runs") {
    cluster.leases.delete_by_hand("a");
    cluster.pass(3s);
    CHECK(cluster.held(a) == Cluster::share_of("a", {"a", "b"}));
    CHECK(cluster.held(b) == Cluster::share_of("b", {"a", "b"}));
  }
  SECTION("its holder is gone") {
    a.is_running = false;
    cluster.leases.delete_by_hand("a");
    cluster.pass(10s);
    CHECK(cluster.held(b) == Cluster::share_of("b", {"a", "b"}));
    cluster.pass(10s);
    CHECK(cluster.held(b).size() == 40);
  }
}

TEST_CASE("Whoever comes after a lease was deleted hears of its holder from the others") {
  Cluster cluster;
  Process& a = cluster.start("a");
  const Process& b = cluster.start("b");
  cluster.pass(5s);
  a.is_running = false;
  cluster.leases.delete_by_hand("a");
  const Process& c = cluster.start("c");
  cluster.pass(10s);
  CHECK(cluster.held(c).empty());
  cluster.pass(10s);
  CHECK(cluster.held(b).size() + cluster.held(c).size() == 40);
}

TEST_CASE("Whoever names one that is long gone keeps nobody from working") {
  Cluster cluster;
  Process& a = cluster.start("a");
  const Process& b = cluster.start("b");
  cluster.pass(5s);
  const Members of_b = cluster.held(b);
  // Not put right before the other has seen it.
  a.is_running = false;
  cluster.leases.annotate_by_hand("a", std::string(kShardMembers), "v1 a b gone");
  for (int i = 0; i < 60; ++i) {
    cluster.pass(50ms);
    CHECK(cluster.held(b) == of_b);
  }
  a.is_running = true;
  cluster.pass(3s);
  CHECK(cluster.held(a).size() + cluster.held(b).size() == 40);
}

TEST_CASE("A lease that somebody edits is put right") {
  Cluster cluster;
  const Process& a = cluster.start("a");
  const Process& b = cluster.start("b");
  cluster.pass(5s);
  const auto* value = GENERATE("v1", "v1 b", "v2 a b", "");
  cluster.leases.annotate_by_hand("a", std::string(kShardMembers), value);
  cluster.pass(4s);
  CHECK(cluster.held(a) == Cluster::share_of("a", {"a", "b"}));
  CHECK(cluster.held(b) == Cluster::share_of("b", {"a", "b"}));
}

TEST_CASE("An edit of a lease that leaves its claim as it is stops nobody") {
  Cluster cluster;
  const Process& a = cluster.start("a");
  cluster.start("b");
  cluster.pass(5s);
  const Members of_a = cluster.held(a);
  cluster.leases.annotate_by_hand("a", "note", "mine");
  for (int i = 0; i < 60; ++i) {
    cluster.pass(50ms);
    CHECK(cluster.held(a) == of_a);
  }
}

TEST_CASE("A replica that is told that its lease is gone holds nothing until it has made it anew") {
  tests::InMemoryLeases leases;
  Membership a({.namespace_name = "s", .group = "slipway", .name = "a", .holder = "a_1", .times = {}});
  Membership::Time now{std::chrono::hours(1000)};
  const auto ask = [&] { return a.next(now, {}); };
  const auto make_it = [&] {
    REQUIRE(std::holds_alternative<Membership::List>(ask()));
    a.listed(leases.list(), now);
    now += 500ms;
    a.written(leases.create(std::get<Membership::Create>(ask()).lease), now);
    REQUIRE(std::holds_alternative<Membership::List>(ask()));
    a.listed(leases.list(), now);
  };
  make_it();
  CHECK(a.holdings().holds(Cluster::key(0), now));
  leases.delete_by_hand("a");
  now += 2s;
  a.written(leases.update(std::get<Membership::Update>(ask()).lease), now);
  CHECK_FALSE(a.holdings().holds(Cluster::key(0), now));
  make_it();
  CHECK(a.holdings().holds(Cluster::key(0), now));
}

TEST_CASE("Of two processes with one name the second waits until the first one's lease is over") {
  Cluster cluster;
  Process& first = cluster.start("a");
  cluster.pass(5s);
  const Process& second = cluster.start("a", "2");
  cluster.pass(60s);
  CHECK(cluster.held(first).size() == 40);
  CHECK(cluster.held(second).empty());
  REQUIRE(second.membership.failure());
  CHECK(second.membership.failure()->message == "the Lease a is held by \"a_1\"");
  SECTION("that is killed") {
    first.is_running = false;
    CHECK(cluster.time_until([&] { return cluster.held(second).size() == 40; }) <= 15s);
    first.is_running = true;
    cluster.pass(20s);
    CHECK(cluster.held(first).empty());
    CHECK(cluster.held(second).size() == 40);
    CHECK(cluster.leases.find("a")->transitions == 1);
  }
  SECTION("that gives it back") {
    first.membership.release(cluster.now);
    CHECK(cluster.time_until([&] { return cluster.held(second).size() == 40; }) <= 15s);
  }
}

TEST_CASE("Whoever shares keys by another rule keeps them until it is gone") {
  Cluster cluster;
  static_cast<void>(cluster.leases.create({.namespace_name = "s",
                                           .name = "z",
                                           .labels = {{std::string(kReplicaGroup), "slipway"}},
                                           .annotations = {{std::string(kShardMembers), "v7 z"}},
                                           .holder = "z_1"}));
  const Process& a = cluster.start("a");
  cluster.pass(12s);
  CHECK(cluster.held(a).empty());
  CHECK(a.membership.has_authority(cluster.now));
  cluster.pass(5s);
  CHECK(cluster.held(a).size() == 40);
}

TEST_CASE("A rolling update moves every key and leaves none alone for long") {
  Cluster cluster;
  std::vector<Process*> old{&cluster.start("a"), &cluster.start("b"), &cluster.start("c")};
  cluster.pass(5s);
  std::vector<const Process*> fresh;
  for (const std::string name : {"x", "y", "z"}) {
    fresh.push_back(&cluster.start(name));
    cluster.pass(5s);
    old.back()->membership.release(cluster.now);
    old.pop_back();
    cluster.pass(3s);
    std::size_t held = 0;
    for (const Process* process : fresh) held += cluster.held(*process).size();
    for (const Process* process : old) held += cluster.held(*process).size();
    CHECK(held == 40);
  }
}

TEST_CASE("A Lease is named by group and host as an API server takes it") {
  struct Row {
    std::string host;
    std::string name;
  };
  const auto row = GENERATE(values<Row>({
      {"slipway-7c9d5b8f6-x2x4p", "slipway-7c9d5b8f6-x2x4p"},
      {"laptop", "slipway-laptop"},
      {"Build_Host.example.ORG", "slipway-build-host-example-org"},
      {"host-", "slipway-host"},
      {"", "slipway"},
  }));
  CHECK(lease_name("slipway", row.host) == row.name);
  CHECK(lease_name("slipway", std::string(300, 'a')).size() == 253);
}

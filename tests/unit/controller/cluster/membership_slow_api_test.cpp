#include <algorithm>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "controller/cluster/membership.h"
#include "tests/catch.h"
#include "tests/unit/controller/cluster/in_memory_leases.h"

using namespace slipway;
using namespace slipway::cluster;
using namespace std::chrono_literals;

namespace {

using Ms = std::chrono::milliseconds;
using Time = Membership::Time;

/// How many requests of a process may be under way: one for each thread of it.
constexpr std::size_t kThreads = 2;

struct Request {
  Membership::Ask ask;
  Time arrives;
  Time ends;
  std::function<void()> tell;  ///< What came of it; null until it has arrived.
};

struct Process {
  std::string name;
  Membership membership;
  std::vector<Request> under_way;
  bool is_running = true;
  int lists = 0;
  int writes = 0;
};

/// Replicas that share one clock, and an API server that answers each request after the same time, lists after one of
/// their own: half of it is the way there.
class Cluster {
 public:
  explicit Cluster(Ms answer) : Cluster(answer, answer) {}
  Cluster(Ms answer, Ms list) : answer_(answer), list_(list) {}

  Process& start(const std::string& name) {
    processes_.push_back(std::make_unique<Process>(Process{
        name,
        Membership({.namespace_name = "s", .group = "slipway", .name = name, .holder = name + "_1", .times = {}}),
        {}}));
    return *processes_.back();
  }

  void pass(Ms time) {
    for (const auto end = now + time; now < end; now += 50ms) settle();
  }
  /// How long it takes until `is_so`, at most two minutes.
  template <class Condition>
  Ms time_until(Condition is_so) {
    const auto start = now;
    while (!is_so() && now - start < 120s) pass(50ms);
    return std::chrono::duration_cast<Ms>(now - start);
  }

  Members held(const Process& process) const {
    const Holdings holdings = process.membership.holdings();
    return keys_where([&](const std::string& key) { return holdings.holds(key, now); });
  }
  static Members share_of(const std::string& name, const Members& members) {
    return keys_where([&](const std::string& key) { return owner_of(key, members) == name; });
  }

  tests::InMemoryLeases leases;
  Time now{std::chrono::hours(1000)};
  bool has_two_owners = false;  ///< A key had.

 private:
  template <class Condition>
  static Members keys_where(Condition is_so) {
    Members keys;
    for (int i = 0; i < 40; ++i)
      if (const std::string key = "r.example/app-" + std::to_string(i); is_so(key)) keys.insert(key);
    return keys;
  }

  void settle() {
    for (auto& process : processes_)
      for (Request& request : process->under_way)
        if (!request.tell && now >= request.arrives) request.tell = carry_out(*process, request.ask);
    for (auto& process : processes_)
      if (process->is_running) step(*process);
    look_for_two_owners();
  }

  void step(Process& process) {
    const auto has_ended = [&](const Request& request) { return now >= request.ends; };
    for (;;) {
      const auto ended = std::ranges::find_if(process.under_way, has_ended);
      if (ended == process.under_way.end()) break;
      const Request request = std::move(*ended);
      process.under_way.erase(ended);
      request.tell();
    }
    while (process.under_way.size() < kThreads) {
      const auto ask = process.membership.next(now, {.wall = Timestamp{}, .is_drained = true});
      if (std::holds_alternative<Membership::Wait>(ask)) return;
      const bool is_list = std::holds_alternative<Membership::List>(ask);
      ++(is_list ? process.lists : process.writes);
      const Ms answer = is_list ? list_ : answer_;
      process.under_way.push_back({ask, now + answer / 2, now + answer, nullptr});
    }
  }

  std::function<void()> carry_out(Process& process, const Membership::Ask& ask) {
    if (std::holds_alternative<Membership::List>(ask))
      return [this, &process, all = leases.list()] { process.membership.listed(all, now); };
    if (const auto* dead = std::get_if<Membership::Remove>(&ask))
      return [this, &process, done = leases.remove(dead->lease)] { process.membership.removed(done, now); };
    const auto* made = std::get_if<Membership::Create>(&ask);
    const auto lease =
        made != nullptr ? leases.create(made->lease) : leases.update(std::get<Membership::Update>(ask).lease);
    return [this, &process, lease] { process.membership.written(lease, now); };
  }

  void look_for_two_owners() {
    Members all;
    std::size_t count = 0;
    for (const auto& process : processes_) {
      const Members keys = held(*process);
      count += keys.size();
      all.insert(keys.begin(), keys.end());
    }
    has_two_owners = has_two_owners || count != all.size();
  }

  const Ms answer_;
  const Ms list_;
  std::vector<std::unique_ptr<Process>> processes_;
};

}  // namespace

TEST_CASE("An API server that takes its time to answer costs no lease, however long it does") {
  Cluster cluster{GENERATE(Ms{10}, 1000ms, 1900ms, 2500ms, 3600ms, 4500ms)};
  const Process& a = cluster.start("a");
  REQUIRE(cluster.time_until([&] { return cluster.held(a).size() == 40; }) <= 15s);
  Ms lost{0};
  for (int i = 0; i < 1200; ++i) {
    cluster.pass(50ms);
    if (cluster.held(a).size() != 40) lost += 50ms;
  }
  CHECK(lost == 0ms);
  CHECK_FALSE(a.membership.failure());
}

TEST_CASE("Replicas learn of who comes and who dies from a slow API server, too, and keep what is theirs meanwhile") {
  Cluster cluster{GENERATE(2500ms, 3600ms, 4500ms)};
  const Process& a = cluster.start("a");
  REQUIRE(cluster.time_until([&] { return cluster.held(a).size() == 40; }) <= 15s);
  const Members all{"a", "b", "c"};
  const Members of_a = Cluster::share_of("a", all);
  bool has_lost = false;
  const auto keeps = [&] {
    const Members held = cluster.held(a);
    has_lost = has_lost || !std::ranges::includes(held, of_a);
    return held;
  };

  const Process& b = cluster.start("b");
  Process& c = cluster.start("c");
  const auto is_shared = [&] {
    return keeps() == of_a && cluster.held(b) == Cluster::share_of("b", all) &&
           cluster.held(c) == Cluster::share_of("c", all);
  };
  CHECK(cluster.time_until(is_shared) <= 45s);
  for (int i = 0; i < 600; ++i) {
    cluster.pass(50ms);
    REQUIRE(is_shared());
  }

  c.is_running = false;
  const auto is_taken = [&] { return keeps().size() + cluster.held(b).size() == 40; };
  const Ms took = cluster.time_until(is_taken);
  CHECK(took >= 5s);
  CHECK(took <= 40s);
  for (int i = 0; i < 600; ++i) {
    cluster.pass(50ms);
    REQUIRE(is_taken());
  }
  CHECK_FALSE(has_lost);
  CHECK_FALSE(cluster.has_two_owners);
}

TEST_CASE("Who dies is seen also by lists of several requests, which take longer than a lease is in force") {
  Cluster cluster{4500ms, 13'500ms};
  const Process& a = cluster.start("a");
  Process& b = cluster.start("b");
  const auto share_all = [&] { return cluster.held(a).size() + cluster.held(b).size() == 40; };
  cluster.pass(60s);
  REQUIRE(cluster.time_until([&] { return !cluster.held(b).empty() && share_all(); }) < 120s);
  b.is_running = false;
  CHECK(cluster.time_until([&] { return cluster.held(a).size() == 40; }) < 120s);
  CHECK_FALSE(cluster.has_two_owners);
}

TEST_CASE("A Lease that somebody edits or deletes is put right by a slow API server, too") {
  Cluster cluster{GENERATE(2500ms, 3600ms, 4500ms)};
  const bool is_deleted = GENERATE(true, false);
  const Process& a = cluster.start("a");
  const Process& b = cluster.start("b");
  cluster.pass(60s);
  REQUIRE(cluster.held(a) == Cluster::share_of("a", {"a", "b"}));
  if (is_deleted)
    cluster.leases.delete_by_hand("a");
  else
    cluster.leases.annotate_by_hand("a", std::string(kShardMembers), "v1 a");
  cluster.pass(60s);
  CHECK(cluster.held(a) == Cluster::share_of("a", {"a", "b"}));
  CHECK(cluster.held(b) == Cluster::share_of("b", {"a", "b"}));
  CHECK_FALSE(cluster.has_two_owners);
}

TEST_CASE("Whoever is alone and has nothing new to say sends one renewal and one list in a round, and no more") {
  Cluster cluster{GENERATE(Ms{10}, 1000ms, 4500ms)};
  Process& a = cluster.start("a");
  cluster.pass(30s);
  a.lists = a.writes = 0;
  cluster.pass(60s);
  CHECK(a.lists <= 31);
  CHECK(a.writes <= 31);
}

namespace {

/// One replica whose requests are answered when the test says so.
struct Alone {
  template <class T>
  T asks() {
    auto ask = membership.next(now, {.wall = {}, .is_drained = is_drained});
    REQUIRE(std::holds_alternative<T>(ask));
    return std::get<T>(std::move(ask));
  }
  void list() {
    asks<Membership::List>();
    membership.listed(leases.list(), now);
  }
  void renew() { membership.written(leases.update(asks<Membership::Update>().lease), now); }
  /// With another that has the share of its claim.
  void settle_beside(const std::string& name, const std::string& claim) {
    const kube::Lease other{.namespace_name = "s",
                            .name = name,
                            .resource_version = {},
                            .labels = {},
                            .annotations = {{std::string(kShardMembers), claim}},
                            .holder = name + "_1",
                            .acquired = {},
                            .renewed = {}};
    REQUIRE(leases.create(other));
    list();
    membership.written(leases.create(asks<Membership::Create>().lease), now);
    list();
  }
  std::size_t held() const {
    const Holdings holdings = membership.holdings();
    std::size_t count = 0;
    for (int i = 0; i < 40; ++i) count += holdings.holds("r.example/app-" + std::to_string(i), now) ? 1 : 0;
    return count;
  }

  tests::InMemoryLeases leases;
  Membership membership{{.namespace_name = "s", .group = "slipway", .name = "a", .holder = "a_1", .times = {}}};
  Time now{std::chrono::hours(1000)};
  bool is_drained = true;
};

}  // namespace

TEST_CASE("A list that was begun before a claim was published does not prove that claim") {
  Alone a;
  a.settle_beside("b", "v1 a b");
  const std::size_t share = a.held();
  REQUIRE(share < 40);
  REQUIRE(share > 0);
  // The other is gone, which is seen while the claim may not change.
  kube::Lease free = *a.leases.find("b");
  free.holder.clear();
  REQUIRE(a.leases.update(free));
  a.now += 2s;
  a.renew();
  a.is_drained = false;
  a.list();
  a.now += 2s;
  a.renew();
  a.asks<Membership::List>();
  const auto before = a.leases.list();
  a.is_drained = true;
  a.renew();
  a.membership.listed(before, a.now);
  CHECK(a.held() == share);
  a.list();
  CHECK(a.held() == 40);
}

TEST_CASE("A list during which the own lease was over proves nothing") {
  Alone a;
  a.list();
  a.membership.written(a.leases.create(a.asks<Membership::Create>().lease), a.now);
  a.asks<Membership::List>();
  const auto before = a.leases.list();
  a.now += 10s;
  a.renew();
  REQUIRE(a.membership.has_authority(a.now));
  a.membership.listed(before, a.now);
  CHECK(a.held() == 0);
  a.list();
  CHECK(a.held() == 40);
}

TEST_CASE("Whom others alone name is alive for whoever's lease was over when it came") {
  Alone a;
  a.settle_beside("b", "v1 a b");
  a.now += 2s;
  a.renew();
  a.list();
  SECTION("and is over still") {
    a.now += 10s;
    REQUIRE_FALSE(a.membership.has_authority(a.now));
  }
  SECTION("and who listed while the renewal was on its way that was answered after that") {
    a.now += 2s;
    a.renew();
    a.asks<Membership::List>();
    a.now += 2s;
    const auto slow = a.asks<Membership::Update>().lease;
    a.membership.listed(fail(ErrorClass::Unavailable, "no answer", "-"), a.now);
    a.now += 1s;
    a.list();
    a.now += 8s;
    a.membership.written(a.leases.update(slow), a.now);
    REQUIRE(a.membership.has_authority(a.now));
  }
  a.leases.annotate_by_hand("b", std::string(kShardMembers), "v1 a b c");
  a.list();
  CHECK(a.membership.next_members() == Members{"a", "b", "c"});
}

TEST_CASE("What a list shows of the own Lease counts for less than a renewal that was answered meanwhile") {
  Alone a;
  a.list();
  a.membership.written(a.leases.create(a.asks<Membership::Create>().lease), a.now);
  a.asks<Membership::List>();
  const auto before = GENERATE(true, false) ? a.leases.list() : std::vector<kube::Lease>{};
  a.now += 2s;
  a.renew();
  a.membership.listed(before, a.now);
  CHECK(a.held() == 40);
  a.list();
  a.now += 2s;
  a.renew();
  CHECK_FALSE(a.membership.failure());
}

TEST_CASE("Lists that fail, however slowly, hold up no renewal") {
  Alone a;
  a.list();
  a.membership.written(a.leases.create(a.asks<Membership::Create>().lease), a.now);
  a.list();
  const auto nothing = fail(ErrorClass::Unavailable, "no answer", "-");
  a.now += 2s;
  a.renew();
  for (int round = 0; round < 20; ++round) {
    a.asks<Membership::List>();
    a.now += 2s;
    a.renew();
    a.membership.listed(nothing, a.now);
    CHECK(a.held() == 40);
    CHECK(a.asks<Membership::Wait>().until - a.now == 500ms);
    a.now += 500ms;
  }
  // Nor does one that waits.
  a.asks<Membership::List>();
  a.now += 1300ms;
  a.membership.listed(nothing, a.now);
  CHECK(a.asks<Membership::Wait>().until - a.now < 500ms);
  a.now += 300ms;
  a.renew();
}

namespace {

/// A replica whose requests a test carries out one by one.
class Stepped {
 public:
  Stepped(const std::string& name, tests::InMemoryLeases& leases, const Time& now)
      : membership({.namespace_name = "s", .group = "slipway", .name = name, .holder = name + "_1", .times = {}}),
        leases_(leases),
        now_(now) {}

  Membership::Ask next() { return membership.next(now_, {.wall = Timestamp{}, .is_drained = true}); }
  void list_begins() { REQUIRE(std::holds_alternative<Membership::List>(next())); }
  kube::Lease write_begins() {
    const auto ask = next();
    REQUIRE(std::holds_alternative<Membership::Update>(ask));
    return std::get<Membership::Update>(ask).lease;
  }
  void write_ends(const kube::Lease& lease) { membership.written(leases_.update(lease), now_); }
  /// Until it waits, each request answered at once.
  void settle() {
    for (auto ask = next(); !std::holds_alternative<Membership::Wait>(ask); ask = next()) {
      if (std::holds_alternative<Membership::List>(ask))
        membership.listed(leases_.list(), now_);
      else if (const auto* made = std::get_if<Membership::Create>(&ask))
        membership.written(leases_.create(made->lease), now_);
      else if (const auto* dead = std::get_if<Membership::Remove>(&ask))
        membership.removed(leases_.remove(dead->lease), now_);
      else
        write_ends(std::get<Membership::Update>(ask).lease);
    }
  }
  std::size_t held() const { return held_by({this}); }
  std::size_t holds_with(const Stepped& other) const { return held_by({this, &other}); }

  Membership membership;

 private:
  /// Of 40 keys those that each of them holds.
  std::size_t held_by(std::initializer_list<const Stepped*> all) const {
    std::size_t count = 0;
    for (int i = 0; i < 40; ++i) {
      const std::string key = "r.example/app-" + std::to_string(i);
      const auto holds = [&](const Stepped* one) { return one->membership.holdings().holds(key, now_); };
      count += std::ranges::all_of(all, holds) ? 1 : 0;
    }
    return count;
  }

  tests::InMemoryLeases& leases_;
  const Time& now_;
};

/// One that stays, alone at first, and two of which one goes when the other comes.
struct Change {
  Change() { stays.settle(); }

  void one_goes() {
    goes.membership.release(now);
    goes.settle();
  }
  void another_comes() {
    comes.settle();
    now += 1ms;
    comes.settle();
  }

  tests::InMemoryLeases leases;
  Time now{std::chrono::hours(1000)};
  Stepped stays{"a", leases, now};
  Stepped goes{"b", leases, now};
  Stepped comes{"c", leases, now};
};

}  // namespace

TEST_CASE("a claim that was withdrawn meanwhile is not proven by the list of before when it is published again") {
  Change change;
  auto& [leases, now, stays, goes, comes] = change;
  now += 2s;
  stays.write_ends(stays.write_begins());
  stays.list_begins();
  goes.settle();
  const auto both = leases.list();
  now += 2s;
  stays.write_ends(stays.write_begins());
  stays.membership.listed(both, now);
  stays.list_begins();
  const auto with_the_other = stays.write_begins();
  change.one_goes();
  const auto alone = leases.list();
  stays.write_ends(with_the_other);
  change.another_comes();
  stays.membership.listed(alone, now);
  stays.list_begins();
  stays.write_ends(stays.write_begins());
  CHECK(stays.holds_with(comes) == 0);
}

TEST_CASE("a claim whose answer was lost counts as published when another one is published after it") {
  Change change;
  auto& [leases, now, stays, goes, comes] = change;
  goes.settle();
  now += 2s;
  stays.write_ends(stays.write_begins());
  stays.list_begins();
  stays.membership.listed(leases.list(), now);
  REQUIRE(leases.update(stays.write_begins()));
  now += 5s;
  stays.membership.written(fail(ErrorClass::Unavailable, "no answer in time", ""), now);
  change.one_goes();
  now += 500ms;
  stays.write_ends(stays.write_begins());
  stays.list_begins();
  stays.membership.listed(leases.list(), now);
  const auto alone = stays.write_begins();
  change.another_comes();
  stays.write_ends(alone);
  CHECK(stays.holds_with(comes) == 0);
}

namespace {

/// One that stays, one that is stopped, and one that comes meanwhile.
struct Stop {
  Stop() {
    pass({&stopped, &stays}, 10s);
    stopped.write_ends(stopped.write_begins());
  }

  void pass(std::initializer_list<Stepped*> running, std::chrono::seconds time) {
    for (const auto end = now + time; now < end; now += 500ms)
      for (Stepped* one : running) one->settle();
  }
  /// While a list is under way, which it is told when `meanwhile` is over.
  void stop(const std::function<void()>& meanwhile) {
    stopped.list_begins();
    const auto before = leases.list();
    meanwhile();
    stopped.membership.listed(before, now);
  }

  tests::InMemoryLeases leases;
  Time now{std::chrono::hours(1000)};
  Stepped stopped{"a", leases, now};
  Stepped stays{"b", leases, now};
  Stepped comes{"c", leases, now};
};

}  // namespace

TEST_CASE("who was stopped beside a list holds nothing of one that came meanwhile and whose Lease is gone") {
  Stop world;
  auto& [leases, now, stopped, stays, comes] = world;
  SECTION("and had a Lease before") {}
  SECTION("and had been stopped before that, until its Lease was taken away") {
    world.stop([&] {
      world.pass({&stays}, 60s);
      REQUIRE(leases.find("a") == nullptr);
    });
    stopped.write_ends(stopped.write_begins());
  }
  world.stop([&] {
    world.pass({&stays, &comes}, 30s);
    REQUIRE(comes.held() + stays.held() == 40);
    leases.delete_by_hand("c");
  });
  stopped.settle();
  CHECK(stopped.holds_with(comes) == 0);
  world.pass({&stopped, &stays, &comes}, 20s);
  CHECK(stopped.held() + stays.held() + comes.held() == 40);
}

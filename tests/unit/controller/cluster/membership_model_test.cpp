#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "controller/cluster/membership.h"
#include "tests/catch.h"
#include "tests/unit/controller/cluster/in_memory_leases.h"

using namespace slipway;
using namespace slipway::cluster;
using namespace std::chrono_literals;

// A world of replicas in one thread: clocks that drift, requests that are lost, late or take effect after they were
// given up, processes that stop and go on, are killed, come, leave, come again under a name that is in use, and people
// who edit and delete leases. Whatever happens, no key has two owners; once it is calm, each key has one.

namespace {

using Ms = std::chrono::milliseconds;
using Time = Membership::Time;

struct Work {
  std::string key;
  bool is_lost = false;
  bool is_excused = false;  ///< Its replica's lease ended: nobody waits for such work.
};

struct Replica {
  Replica(std::string lease, const std::string& holder)
      : name(lease),
        membership({.namespace_name = "s", .group = "g", .name = std::move(lease), .holder = holder, .times = {}}) {}

  std::string name;
  Membership membership;
  Holdings held;
  double rate = 1;
  Ms ahead{};
  Ms way{};  ///< What a request and its answer take on the way, each.
  bool is_gone = false;
  bool leaves = false;
  bool is_releasing = false;
  bool has_two_threads = true;  ///< For its requests; else one.
  Ms paused_until{};
  Ms cut_off_until{};
  Ms is_behind_until{};
  std::map<bool, std::uint64_t> requests;  ///< Those under way, by whether it is a list: one of each at most.
  std::uint64_t turn = 0;
  std::vector<std::shared_ptr<Work>> works;
};

/// In a storm replicas come and leave within moments, each on a way of its own to the API server, which often carries
/// out what it then says it could not.
enum class Weather { Changing, Stormy };

class Model {
 public:
  Model(std::uint64_t seed, Weather weather) : random_(seed), is_stormy_(weather == Weather::Stormy) {
    for (int i = 0; i < 8; ++i) keys_.push_back("r.example/app-" + std::to_string(i));
  }

  /// What went wrong; empty when nothing did.
  std::string run() {
    for (int i = between(1, 4); i > 0; --i) join();
    at(now_ + Ms(between(200, 3000)), [this] { disturb(); });
    at(now_, [this] { begin_work(); });
    play_until(kCalm);
    be_calm();
    play_until(kCalm + 50s);
    look_for_owners();
    play_until(kCalm + 60s);
    look_for_owners();
    return wrong_;
  }

 private:
  using ReplicaPtr = std::shared_ptr<Replica>;
  static constexpr Ms kCalm{90'000};  ///< From when on nothing is disturbed any more.

  struct Event {
    Ms at;
    std::uint64_t number;
    std::function<void()> happen;
    bool operator>(const Event& other) const { return std::tie(at, number) > std::tie(other.at, other.number); }
  };

  int between(int low, int high) { return std::uniform_int_distribution<int>{low, high}(random_); }
  bool chance(double share) { return std::uniform_real_distribution<double>{0, 1}(random_) < share; }

  void at(Ms when, std::function<void()> happen) { events_.push({when, ++events_made_, std::move(happen)}); }
  /// For a process that is stopped: once it goes on.
  void at(Ms when, const ReplicaPtr& replica, std::function<void()> happen) {
    at(when, [this, replica, happen = std::move(happen)] {
      if (replica->is_gone) return;
      if (now_ < replica->paused_until) return at(replica->paused_until, replica, happen);
      happen();
    });
  }

  void play_until(Ms end) {
    while (!events_.empty() && events_.top().at <= end && wrong_.empty()) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      event.happen();
    }
    now_ = end;
  }

  Time local(const Replica& replica) const {
    const std::chrono::duration<double, std::milli> run = now_ * replica.rate;
    return Time{std::chrono::duration_cast<Time::duration>(run) + replica.ahead};
  }
  Ms real(const Replica& replica, Time time) const {
    const std::chrono::duration<double, std::milli> left = (time - local(replica)) / replica.rate;
    return now_ + std::clamp(std::chrono::ceil<Ms>(left), Ms{0}, Ms{60'000});
  }

  void join() { join("replica-" + std::to_string(++names_)); }
  void join(const std::string& name) {
    auto replica = std::make_shared<Replica>(name, name + "_" + std::to_string(++processes_));
    replica->rate = 1 + between(-30, 30) / 1000.0;
    replica->ahead = Ms(between(0, 1'000'000));
    replica->has_two_threads = chance(0.8);
    if (is_stormy_ && chance(0.4)) replica->way = Ms(between(0, 1200));
    replicas_.push_back(replica);
    take_turn(replica);
  }

  void take_turn(const ReplicaPtr& replica) {
    at(now_, replica, [this, replica, turn = ++replica->turn] {
      if (turn == replica->turn) step(replica);
    });
  }

  void step(const ReplicaPtr& replica) {
    if (!replica->has_two_threads && !replica->requests.empty()) return;
    if (replica->leaves && replica->works.empty() && !replica->is_releasing) {
      replica->is_releasing = true;
      replica->membership.release(local(*replica));
    }
    const auto ask = replica->membership.next(
        local(*replica),
        {.wall = {}, .is_drained = is_drained(*replica), .is_behind = now_ < replica->is_behind_until});
    bring_up_to_date(replica);
    if (replica->membership.is_released()) return remove(replica);
    if (const auto* wait = std::get_if<Membership::Wait>(&ask)) {
      const Ms due = real(*replica, wait->until) + Ms(between(0, 30));
      at(due, replica, [this, replica, turn = ++replica->turn] {
        if (turn == replica->turn) step(replica);
      });
      return;
    }
    send(replica, ask);
    take_turn(replica);
  }

  Ms until_calm(Ms time) const { return std::min(now_ + time, kCalm); }

  Ms delay(const Replica& replica) {
    return replica.way + pace_ + (chance(slow_) ? Ms(between(100, 9000)) : Ms(between(1, 40)));
  }

  void send(const ReplicaPtr& replica, const Membership::Ask& ask) {
    const std::uint64_t number = ++requests_made_;
    const bool is_list = std::holds_alternative<Membership::List>(ask);
    if (!replica->requests.emplace(is_list, number).second) report(replica->name + " sends two of one kind at once");
    const auto times_out = [this, replica, number, ask] {
      answer(replica, number, ask, std::unexpected(Error{.cls = ErrorClass::Unavailable, .message = "no answer"}));
    };
    at(now_ + LeaseTimes{}.request, replica, times_out);
    const bool is_cut_off = now_ < replica->cut_off_until || now_ < away_until_;
    if (is_cut_off || chance(loss_)) return;
    at(now_ + delay(*replica), [this, replica, number, ask, is_list] {
      auto result = carry_out(ask);
      if (now_ < replica->cut_off_until || now_ < away_until_ || chance(loss_)) return;
      if (!is_list && chance(denied_))
        result = std::unexpected(Error{.cls = ErrorClass::Unavailable, .message = "request timed out"});
      at(now_ + delay(*replica), replica,
         [this, replica, number, ask, result] { answer(replica, number, ask, result); });
    });
  }

  using Answer = Result<std::vector<kube::Lease>>;

  Answer carry_out(const Membership::Ask& ask) {
    const auto one = [](const Result<kube::Lease>& lease) -> Answer {
      if (!lease) return std::unexpected(lease.error());
      return std::vector{*lease};
    };
    if (const auto* made = std::get_if<Membership::Create>(&ask)) return one(leases_.create(made->lease));
    if (const auto* made = std::get_if<Membership::Update>(&ask)) return one(leases_.update(made->lease));
    const auto* removed = std::get_if<Membership::Remove>(&ask);
    if (removed == nullptr) return leases_.list();
    const auto done = leases_.remove(removed->lease);
    return done ? Answer{std::vector<kube::Lease>{}} : std::unexpected(done.error());
  }

  void answer(const ReplicaPtr& replica, std::uint64_t number, const Membership::Ask& ask, const Answer& result) {
    const auto under_way = replica->requests.find(std::holds_alternative<Membership::List>(ask));
    if (under_way == replica->requests.end() || under_way->second != number) return;
    replica->requests.erase(under_way);
    Membership& membership = replica->membership;
    const Time at = local(*replica);
    membership.expire(at);
    bring_up_to_date(replica);
    const Holdings before = replica->held;
    const bool was_over = membership.was_over();
    if (std::holds_alternative<Membership::List>(ask))
      membership.listed(result, at);
    else if (std::holds_alternative<Membership::Remove>(ask))
      membership.removed(result ? Result<void>{} : std::unexpected(result.error()), at);
    else
      membership.written(result ? Result<kube::Lease>(result->front()) : std::unexpected(result.error()), at);
    if (was_over && !membership.was_over()) replica->is_behind_until = until_calm(Ms(between(0, 8000)));
    bring_up_to_date(replica);
    // Time alone only takes keys away.
    if (replica->held.claims != before.claims || replica->held.others != before.others) look_for_two_owners();
    take_turn(replica);
  }

  static bool is_drained(const Replica& replica) {
    const Members& next = replica.membership.next_members();
    return std::ranges::all_of(
        replica.works, [&](const auto& work) { return !work->is_lost || owner_of(work->key, next) == replica.name; });
  }

  void bring_up_to_date(const ReplicaPtr& replica) {
    replica->held = replica->membership.holdings();
    for (const auto& work : replica->works) {
      if (!replica->membership.has_authority(local(*replica))) work->is_excused = true;
      if (work->is_lost || holds(*replica, work->key)) continue;
      work->is_lost = true;
      at(now_ + Ms(between(0, 3000)), replica, [this, replica, work] { end_work(replica, work); });
    }
  }

  bool holds(const Replica& replica, const std::string& key) const {
    return !replica.is_gone && replica.held.holds(key, local(replica));
  }

  void begin_work() {
    at(now_ + Ms(between(50, 400)), [this] { begin_work(); });
    if (replicas_.empty()) return;
    const ReplicaPtr replica = replicas_[static_cast<std::size_t>(between(0, static_cast<int>(replicas_.size()) - 1))];
    const std::string& key = keys_[static_cast<std::size_t>(between(0, static_cast<int>(keys_.size()) - 1))];
    if (replica->leaves || now_ < replica->paused_until || !holds(*replica, key)) return;
    const auto is_on_key = [&](const auto& work) { return work->key == key; };
    if (std::ranges::any_of(replica->works, is_on_key)) return;
    const auto work = std::make_shared<Work>(Work{.key = key});
    replica->works.push_back(work);
    at(now_ + Ms(between(20, 6000)), replica, [this, replica, work] { end_work(replica, work); });
  }

  void end_work(const ReplicaPtr& replica, const std::shared_ptr<Work>& work) {
    if (std::erase(replica->works, work) > 0) take_turn(replica);
  }

  void remove(const ReplicaPtr& replica) {
    replica->is_gone = true;
    std::erase(replicas_, replica);
  }

  ReplicaPtr any() {
    if (replicas_.empty()) return nullptr;
    return replicas_[static_cast<std::size_t>(between(0, static_cast<int>(replicas_.size()) - 1))];
  }

  void leave(const ReplicaPtr& replica) {
    replica->leaves = true;
    for (const auto& work : replica->works)
      at(now_ + Ms(between(0, 3000)), replica, [this, replica, work] { end_work(replica, work); });
    at(now_ + 12s, replica, [this, replica] { remove(replica); });
    take_turn(replica);
  }

  void kill(const ReplicaPtr& replica) {
    remove(replica);
    const std::string name = replica->name;
    const Ms again = until_calm(Ms(between(0, 20'000)));
    if (chance(0.5)) at(again, [this, name] { join_if_allowed(name); });
  }

  void join_if_allowed(const std::string& name) {
    if (now_ >= nobody_comes_until_ && replicas_.size() < (is_stormy_ ? 4 : 6)) join(name);
  }

  /// A replica that never saw a lease can't miss it: that is what the decision says is not covered.
  void delete_a_lease() {
    const ReplicaPtr victim = any();
    const auto agrees = [&](const ReplicaPtr& replica) {
      return now_ >= replica->paused_until && replica->membership.has_authority(local(*replica)) &&
             replica->held.others.empty() && replica->held.claims.size() == 1 &&
             replica->held.claims.front().size() == replicas_.size();
    };
    if (!victim || !std::ranges::all_of(replicas_, agrees)) return;
    nobody_comes_until_ = now_ + 20s;
    leases_.delete_by_hand(victim->name);
  }

  void disturb() {
    if (is_calm_) return;
    if (is_stormy_ && chance(0.8)) return storm();
    at(now_ + Ms(between(100, 6000)), [this] { disturb(); });
    const ReplicaPtr replica = any();
    switch (between(0, 13)) {
      case 0:
      case 1:
        return join_if_allowed("replica-" + std::to_string(++names_));
      case 2:
        if (replica) kill(replica);
        return;
      case 3:
        if (replica && !replica->leaves) leave(replica);
        return;
      case 4:
      case 5:
        if (replica) replica->paused_until = until_calm(Ms(between(100, 30'000)));
        return;
      case 6:
      case 7:
        if (replica) replica->cut_off_until = until_calm(Ms(between(100, 25'000)));
        return;
      case 8:
        away_until_ = until_calm(Ms(between(100, 30'000)));
        return;
      case 9:
        loss_ = chance(0.5) ? 0 : between(1, 40) / 100.0;
        return;
      case 10:
        slow_ = chance(0.5) ? 0 : between(1, 60) / 100.0;
        return;
      case 11:
        pace_ = chance(0.4) ? Ms{0} : Ms(between(0, 2400));
        return;
      case 12:
        if (replica && now_ >= nobody_comes_until_) join_if_allowed(replica->name);
        return;
      default:
        if (chance(0.5)) return delete_a_lease();
        if (replica) leases_.annotate_by_hand(replica->name, "note", std::to_string(between(0, 100)));
    }
  }

  void storm() {
    at(now_ + Ms(chance(0.7) ? between(1, 300) : between(100, 2500)), [this] { disturb(); });
    const ReplicaPtr replica = any();
    const int what = between(0, 6);
    if (what < 3)
      join_if_allowed("replica-" + std::to_string(++names_));
    else if (what == 6)
      denied_ = chance(0.2) ? 0 : between(1, 60) / 100.0;
    else if (replica && !replica->leaves)
      leave(replica);
  }

  void be_calm() {
    is_calm_ = true;
    loss_ = slow_ = denied_ = 0;
    pace_ = Ms{0};
    for (const ReplicaPtr& replica : replicas_) replica->way = std::min(replica->way, Ms{50});
    nobody_comes_until_ = now_;
    const auto stays = [](const ReplicaPtr& replica) { return !replica->leaves; };
    if (std::ranges::none_of(replicas_, stays)) join();
  }

  void look_for_two_owners() {
    for (const std::string& key : keys_) {
      const Replica* owner = nullptr;
      for (const ReplicaPtr& replica : replicas_) {
        if (!holds(*replica, key)) continue;
        if (owner != nullptr) return report(key + " is held by " + owner->name + " and " + replica->name);
        owner = replica.get();
      }
      if (owner != nullptr) look_for_others_at_work(key, *owner);
    }
  }

  void look_for_others_at_work(const std::string& key, const Replica& owner) {
    for (const ReplicaPtr& replica : replicas_) {
      if (replica.get() == &owner || !replica->membership.has_authority(local(*replica))) continue;
      for (const auto& work : replica->works)
        if (work->key == key && !work->is_excused)
          return report(owner.name + " holds " + key + " and " + replica->name + " is still at work on it");
    }
  }

  void look_for_owners() {
    for (const std::string& key : keys_) {
      const auto count = std::ranges::count_if(replicas_, [&](const auto& replica) { return holds(*replica, key); });
      if (count != 1) report(key + " has " + std::to_string(count) + " owners in a calm world");
    }
  }

  void report(const std::string& what) {
    if (wrong_.empty()) wrong_ = "after " + std::to_string(now_.count()) + " ms: " + what;
  }

  std::mt19937_64 random_;
  const bool is_stormy_;
  std::vector<std::string> keys_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t events_made_ = 0;
  Ms now_{0};
  tests::InMemoryLeases leases_;
  std::vector<ReplicaPtr> replicas_;
  int names_ = 0;
  int processes_ = 0;
  Ms away_until_{};
  Ms nobody_comes_until_{};
  double loss_ = 0;
  double slow_ = 0;
  double denied_ = 0;  ///< Of the writes that are carried out.
  Ms pace_{};          ///< What each way takes, beside that.
  std::uint64_t requests_made_ = 0;
  bool is_calm_ = false;
  std::string wrong_;
};

/// More on request, for whoever changes the protocol: then thousands, with a release build.
std::uint64_t seeds() {
  const char* asked = std::getenv("SLIPWAY_MODEL_SEEDS");
  return asked == nullptr ? 60 : std::strtoull(asked, nullptr, 10);
}

}  // namespace

TEST_CASE("Whatever happens no key has two owners, and each has one when it is calm") {
  const auto weather = GENERATE(Weather::Changing, Weather::Stormy);
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const std::string wrong = Model{seed, weather}.run();
    CAPTURE(seed, wrong);
    REQUIRE(wrong.empty());
  }
}

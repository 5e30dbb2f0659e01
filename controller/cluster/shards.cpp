#include "controller/cluster/shards.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>
#include <vector>

#include "controller/runtime/guarded.h"
#include "controller/runtime/nudge.h"
#include "controller/runtime/waiting.h"

namespace slipway::cluster {
namespace {

using Time = runtime::SteadyClock::Time;
using Keys = std::set<std::string, std::less<>>;

/// How often whoever has no lease looks whether there is one whose end is to be watched.
constexpr std::chrono::milliseconds kWithoutLease{500};

std::chrono::milliseconds until(Time due, Time now) {
  constexpr std::chrono::milliseconds kLongest{60'000};
  return due - now > kLongest ? kLongest : std::chrono::ceil<std::chrono::milliseconds>(due - now);
}

std::string text_of(const Members& members) {
  std::string text;
  for (const std::string& member : members) text += (text.empty() ? "" : ", ") + member;
  return text;
}

Error no_lease_yet() {
  return {.cls = ErrorClass::Unavailable,
          .message = "this replica has no lease of its own",
          .remedy = "wait: it asks for one until it has it",
          .reason = {},
          .retry_after = {}};
}

Error sees_the_world_of_before() {
  return {.cls = ErrorClass::Unavailable,
          .message = "the own lease was over, and resources are not watched again since",
          .remedy = "wait: the share of the work is asked for once they are",
          .reason = {},
          .retry_after = {}};
}

Error knows_not_whether_it_can_work() {
  return {.cls = ErrorClass::Unavailable,
          .message = "what this replica needs for its work, such as the volume of its audit log, gives no answer",
          .remedy = "find out why that hangs: the share of the work is asked for once it answers",
          .reason = {},
          .retry_after = {}};
}

}  // namespace

class Shards::HeldWork final : public Shards::Work {
 public:
  HeldWork(State& state, std::string key, std::stop_token stop)
      : state_(state), key_(std::move(key)), asked_(std::move(stop), Ask{stop_}) {}
  ~HeldWork() override;

  std::stop_token stop_token() const override { return stop_.get_token(); }
  bool is_lost() const override { return is_lost_; }
  std::uint64_t era() const override { return era_; }
  const std::string& key() const { return key_; }
  void set_era(std::uint64_t era) { era_ = era; }
  /// Whom to ask to stop, once the lock is open.
  std::stop_source lose() {
    is_lost_ = true;
    return stop_;
  }

 private:
  struct Ask {
    std::stop_source source;
    void operator()() { source.request_stop(); }
  };

  State& state_;
  const std::string key_;
  std::uint64_t era_ = kAlone;
  std::stop_source stop_;
  std::atomic<bool> is_lost_ = false;
  std::stop_callback<Ask> asked_;
};

struct Shards::State {
  /// What the lock guards.
  struct Shared {
    Membership membership;
    Holdings held;
    std::set<HeldWork*> works;
    Keys freed;  ///< Of lost work that has ended: nobody was told yet that they may be held again.
    std::uint64_t era = kAlone;
    bool has_lease = false;  ///< As was logged last; so are these:
    bool has_share = false;
    Members members;
    std::optional<Error> failure;
    std::string removal_failure;
    struct OwnLook {
      Time due{};
      std::optional<Time> since{};  ///< When it was begun, while a thread is at it.
    } look;                         ///< Whether it can do its work.
    std::optional<Error> aside;     ///< Why the share is left to others.
    bool is_ending = false;
  };
  using Lost = std::vector<std::stop_source>;

  State(const MembershipOptions& given, Hands with, Changed on_change)
      : options(given),
        hands(std::move(with)),
        changed(std::move(on_change)),
        shared(Shared{.membership = Membership(given)}) {}

  Time look_at_itself();
  std::optional<Time> begin_look();
  void stand_aside(Shared& now, const std::optional<Error>& cannot, Lost& lost) const;
  bool is_behind() const { return hands.sight && hands.sight->is_behind(); }
  void see_anew() const;
  Membership::Ask ask();
  void answer(const Membership::Ask& ask, const std::stop_token& stop);
  template <class Answer>
  void take_in(const Answer& answer);
  void tell_of_freed();
  void tell(const Holdings& before, const Keys& freed, Time at) const;
  bool owns(std::string_view key) const;

  static bool is_drained(const Shared& now);
  static bool has_lost_work(const Shared& now, std::string_view key);
  static void bring_up_to_date(Shared& now, Time at, Lost& lost);
  void log_changes(Shared& now, Time at) const;
  void log_removal(const Result<void>& done);

  const MembershipOptions options;
  const Hands hands;
  const runtime::Guarded<Changed> changed;
  runtime::Guarded<Shared> shared;
  runtime::Nudge nudge;  ///< Lost work has ended, or there may be more to send.
};

Shards::HeldWork::~HeldWork() {
  {
    const auto now = state_.shared.lock();
    now->works.erase(this);
    if (!is_lost_ || State::has_lost_work(*now, key_)) return;
    now->freed.insert(key_);
  }
  state_.nudge.nudge();
}

/// Only what was lost can be in the way: other work is on what every claim gives to this replica.
bool Shards::State::is_drained(const Shared& now) {
  const Members& next = now.membership.next_members();
  return std::ranges::all_of(now.works, [&](const HeldWork* work) {
    return !work->is_lost() || owner_of(work->key(), next) == now.held.self;
  });
}

bool Shards::State::has_lost_work(const Shared& now, std::string_view key) {
  return std::ranges::any_of(now.works, [&](const HeldWork* work) { return work->is_lost() && work->key() == key; });
}

void Shards::State::bring_up_to_date(Shared& now, Time at, Lost& lost) {
  now.held = now.membership.holdings();
  for (HeldWork* work : now.works)
    if (!work->is_lost() && !now.held.holds(work->key(), at)) lost.push_back(work->lose());
}

bool Shards::State::owns(std::string_view key) const {
  const auto now = shared.lock();
  return now->held.holds(key, hands.steady.now()) && !has_lost_work(*now, key);
}

/// Whether it can do its work, once a round; when it does so again. The other thread goes on while one looks.
Time Shards::State::look_at_itself() {
  if (!hands.cannot_work) return Time::max();
  if (const std::optional<Time> later = begin_look()) return *later;
  const auto cannot = hands.cannot_work();
  const Time next = hands.steady.now() + options.times.round;
  Lost lost;
  {
    const auto now = shared.lock();
    now->look = {.due = next};
    if (!now->is_ending) stand_aside(*now, cannot, lost);
  }
  for (std::stop_source& work : lost) work.request_stop();
  return next;
}

/// Nothing where it is to be looked now. What a look hangs at keeps the work from going on as well: the others are not
/// to wait for it longer than for a replica that is gone.
std::optional<Time> Shards::State::begin_look() {
  const Time at = hands.steady.now();
  Lost lost;
  {
    const auto now = shared.lock();
    std::optional<Time>& since = now->look.since;
    if (!since && at < now->look.due) return now->look.due;
    if (!since) {
      since = at;
      return std::nullopt;
    }
    if (at < *since + options.times.authority) return *since + options.times.authority;
    if (!now->is_ending) stand_aside(*now, knows_not_whether_it_can_work(), lost);
  }
  for (std::stop_source& work : lost) work.request_stop();
  return at + options.times.round;
}

/// Leaves as at the end of the process, and comes back as a new one does.
void Shards::State::stand_aside(Shared& now, const std::optional<Error>& cannot, Lost& lost) const {
  const bool has_others = now.membership.next_members().size() > 1;
  if (cannot && !now.aside && has_others) {
    hands.log.warn("leaves its share of the work to the other replicas: " + cannot->message,
                   {{"lease", now.held.self}});
    now.membership.release(hands.steady.now());
    bring_up_to_date(now, hands.steady.now(), lost);
  }
  if (cannot && (now.aside || has_others)) now.aside = cannot;
  if (cannot || !now.aside || !now.membership.is_released()) return;
  now.aside.reset();
  now.membership = Membership(options);
}

/// The lease is not given back under work: it runs out then.
Membership::Ask Shards::State::ask() {
  const bool is_late = is_behind();
  const auto now = shared.lock();
  if (now->aside && !now->works.empty()) return Membership::Wait{Time::max()};
  return now->membership.next(hands.steady.now(),
                              {.wall = hands.clock.now(), .is_drained = is_drained(*now), .is_behind = is_late});
}

void Shards::State::answer(const Membership::Ask& ask, const std::stop_token& stop) {
  const auto longest = shared.lock()->membership.times().request;
  if (std::holds_alternative<Membership::List>(ask)) {
    const auto leases = hands.leases.list(longest, stop);
    take_in([&](Membership& membership, Time at) { membership.listed(leases, at); });
  } else if (const auto* dead = std::get_if<Membership::Remove>(&ask)) {
    const auto done = hands.leases.remove(dead->lease, longest, stop);
    take_in([&](Membership& membership, Time at) { membership.removed(done, at); });
    log_removal(done);
  } else {
    const auto* made = std::get_if<Membership::Create>(&ask);
    const auto lease = made != nullptr ? hands.leases.create(made->lease, longest, stop)
                                       : hands.leases.update(std::get<Membership::Update>(ask).lease, longest, stop);
    take_in([&](Membership& membership, Time at) { membership.written(lease, at); });
  }
}

template <class Answer>
void Shards::State::take_in(const Answer& answer) {
  Lost lost;
  Holdings before;
  Keys freed;
  bool is_news = false;
  bool is_back = false;
  Time at;
  {
    const auto now = shared.lock();
    at = hands.steady.now();
    // What a lease that is over by now gave is lost, even if the answer gives it back.
    now->membership.expire(at);
    bring_up_to_date(*now, at, lost);
    before = now->held;
    const bool was_over = now->membership.was_over();
    answer(now->membership, at);
    is_back = was_over && !now->membership.was_over();
    bring_up_to_date(*now, at, lost);
    freed = std::exchange(now->freed, {});
    const bool may_gain = now->held.claims != before.claims || now->held.others != before.others;
    if (may_gain && now->membership.knows_others()) ++now->era;
    is_news = may_gain || !freed.empty();
    log_changes(*now, at);
  }
  // Whoever is asked to stop may do anything, and so may whoever is told.
  for (std::stop_source& work : lost) work.request_stop();
  if (is_back) see_anew();
  if (is_news) tell(before, freed, at);
}

void Shards::State::see_anew() const {
  if (!hands.sight) return;
  hands.log.info("the API server answers again: everything is watched anew", {{"lease", options.name}});
  hands.sight->begin_anew();
}

void Shards::State::tell_of_freed() {
  Holdings before;
  Keys freed;
  {
    const auto now = shared.lock();
    before = now->held;
    freed = std::exchange(now->freed, {});
  }
  if (!freed.empty()) tell(before, freed, hands.steady.now());
}

void Shards::State::tell(const Holdings& before, const Keys& freed, Time at) const {
  const auto one_at_a_time = changed.lock();
  (*one_at_a_time)([&](std::string_view key) {
    const bool was_held = before.holds(key, at) && !freed.contains(key);
    return !was_held && owns(key);
  });
}

void Shards::State::log_changes(Shared& now, Time at) const {
  const bool has_lease = now.membership.has_authority(at);
  const Members& members = now.membership.next_members();
  const bool gives_back = members.empty();
  if (now.has_lease && !has_lease && !gives_back)
    hands.log.warn("the own lease is over: nothing is worked on until it is renewed", {{"lease", now.held.self}});
  const bool has_share = has_lease && !gives_back && !now.held.claims.empty();
  if (has_share && (!now.has_share || members != now.members))
    hands.log.info("shares the work with " + std::to_string(members.size() - 1) + " other replicas",
                   {{"lease", now.held.self}, {"replicas", text_of(members)}});
  now.has_lease = has_lease;
  now.has_share = has_share;
  now.members = members;
  const std::optional<Error> failure = has_lease ? now.membership.blindness(at) : now.membership.failure();
  if (failure && failure != now.failure) hands.log.error(*failure, {{"lease", now.held.self}});
  if (has_lease || failure) now.failure = failure;
}

/// Dead leases that stay harm nobody: said once.
void Shards::State::log_removal(const Result<void>& done) {
  const std::string failure = done ? "" : done.error().message;
  if (std::exchange(shared.lock()->removal_failure, failure) == failure || done) return;
  hands.log.warn("the lease of a replica that is gone stays: " + failure, {{"remedy", done.error().remedy}});
}

Shards::Shards(const MembershipOptions& options, const Hands& hands, Changed changed)
    : state_(std::make_unique<State>(options, hands, std::move(changed))) {}

Shards::~Shards() = default;

bool Shards::owns(std::string_view shard_key) const {
  return state_->owns(shard_key);
}

std::unique_ptr<Shards::Work> Shards::begin(const std::string& shard_key, std::stop_token stop) {
  auto work = std::make_unique<HeldWork>(*state_, shard_key, std::move(stop));
  const auto now = state_->shared.lock();
  if (!now->held.holds(shard_key, state_->hands.steady.now()) || State::has_lost_work(*now, shard_key)) return nullptr;
  work->set_era(now->era);
  now->works.insert(work.get());
  return work;
}

Time Shards::step(const std::stop_token& stop) {
  state_->tell_of_freed();
  const Time next_look = state_->look_at_itself();
  const Membership::Ask ask = state_->ask();
  if (const auto* wait = std::get_if<Membership::Wait>(&ask)) return std::min(wait->until, next_look);
  // Renewals go on beside a list.
  if (std::holds_alternative<Membership::List>(ask)) state_->nudge.nudge();
  state_->answer(ask, stop);
  return state_->hands.steady.now();
}

Time Shards::expire() {
  State::Lost lost;
  Time end;
  {
    const auto now = state_->shared.lock();
    const Time at = state_->hands.steady.now();
    now->membership.expire(at);
    State::bring_up_to_date(*now, at, lost);
    state_->log_changes(*now, at);
    const bool has_lease = now->membership.has_authority(at);
    end = has_lease ? now->held.until : at + kWithoutLease;
  }
  for (std::stop_source& work : lost) work.request_stop();
  return end;
}

void Shards::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) runtime::wait(until(expire(), state_->hands.steady.now()), stop);
}

void Shards::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Time due = step(stop);
    const Time now = state_->hands.steady.now();
    if (due > now) state_->nudge.wait(until(due, now), stop);
  }
}

Result<void> Shards::release(std::chrono::milliseconds longest, const std::stop_token& stop) {
  const Time end = state_->hands.steady.now() + longest;
  {
    const auto now = state_->shared.lock();
    if (!now->works.empty())
      return fail(ErrorClass::Conflict, "work is going on, so the lease is not given back",
                  "wait until it has run out");
    now->is_ending = true;
    now->membership.release(state_->hands.steady.now());
    now->held = now->membership.holdings();
  }
  for (;;) {
    const Time due = step(stop);
    if (state_->shared.lock()->membership.is_released()) return {};
    const Time now = state_->hands.steady.now();
    if (now >= end || stop.stop_requested()) return std::unexpected(failure().value_or(no_lease_yet()));
    if (due > now) runtime::wait(until(std::min(due, end), now), stop);
  }
}

std::optional<Error> Shards::failure() const {
  const bool is_late = state_->is_behind();
  const auto now = state_->shared.lock();
  if (now->aside) return now->aside;
  const Time at = state_->hands.steady.now();
  if (now->membership.has_authority(at)) return now->membership.blindness(at);
  if (now->membership.failure()) return now->membership.failure();
  return is_late ? sees_the_world_of_before() : no_lease_yet();
}

Shards::Standing Shards::standing() const {
  const auto now = state_->shared.lock();
  const bool holds_lease = now->membership.has_authority(state_->hands.steady.now());
  const bool has_share = holds_lease && !now->membership.holdings().claims.empty();
  return {.holds_lease = holds_lease, .members = has_share ? now->membership.next_members().size() : 0};
}

}  // namespace slipway::cluster

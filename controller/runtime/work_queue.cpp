#include "controller/runtime/work_queue.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace slipway::runtime {

using std::chrono::milliseconds;

namespace {

/// Failures in a row: with the usual delays half a minute goes by.
constexpr unsigned kTriedSoon = 6;

Priority tried_again_as(Priority taken, unsigned failures) {
  return failures <= kTriedSoon ? std::min(taken, Priority::Unready) : Priority::Resync;
}

}  // namespace

WorkQueue::WorkQueue(const SteadyClock& clock, WorkWatcher& watcher, const Options& options)
    : clock_(clock),
      watcher_(watcher),
      backoff_(options.backoff),
      workers_(options.workers),
      host_of_(options.host_of),
      is_deleted_(options.is_deleted) {
  state_.lock()->random.seed(options.seed);
}

void WorkQueue::add(const ObjectKey& key, Priority priority) {
  Priority least = least_of(key);
  Priority added_as{};
  do {
    add_at_least(key, priority, least);
    // Whoever learnt meanwhile that it is deleted, or made anew, may have added it before.
    added_as = std::exchange(least, least_of(key));
  } while (least != added_as);
}

void WorkQueue::add_at_least(const ObjectKey& key, Priority priority, Priority least) {
  const Time now = clock_.now();
  const std::string host = host_of(key);
  bool is_added = false;
  {
    auto state = state_.lock();
    if (state->is_shut_down) return;
    state->hosts.put(key, host);
    // What was being deleted may have been made anew under its name, and is to wait with all others then.
    const Priority highest = least == Priority::Deletion ? Priority::Deletion : Priority::Edit;
    state->due.lower(key, highest);
    const Priority kept = std::clamp(state->delayed.remove(key).value_or(least), least, highest);
    if (const auto run = state->running.find(key); run != state->running.end()) {
      auto& again = state->again.try_emplace(key, priority).first->second;
      again = std::max(again, priority);
      run->second.kept = std::clamp(run->second.kept, least, highest);
    } else {
      is_added = make_due(*state, key, priority, kept, now);
    }
  }
  changed_.notify_all();
  if (is_added) watcher_.added(key.kind);
}

void WorkQueue::add_after(const ObjectKey& key, milliseconds delay) {
  come_back(key, delay, Priority::Resync);
}

Priority WorkQueue::keep(State::Running& run, Priority priority) {
  run.kept = std::max(run.kept, priority);
  return priority;
}

double WorkQueue::roll(State& state) {
  return std::uniform_real_distribution<double>{0, 1}(state.random);
}

void WorkQueue::put_off(const ObjectKey& key, milliseconds delay) {
  double rolled = 0;
  Priority priority = Priority::Resync;
  {
    auto state = state_.lock();
    rolled = roll(*state);
    const auto run = state->running.find(key);
    if (run != state->running.end()) priority = keep(run->second, std::min(run->second.taken, Priority::Edit));
  }
  come_back(key, backoff({.first = delay, .longest = delay, .jitter = backoff_.jitter}, 1, rolled), priority);
}

void WorkQueue::look_again(const ObjectKey& key, milliseconds delay) {
  const double rolled = roll(*state_.lock());
  add_after(key, spread(delay, rolled));
}

void WorkQueue::retry(const ObjectKey& key, std::optional<milliseconds> floor) {
  milliseconds delay{};
  Priority priority = Priority::Resync;
  {
    auto state = state_.lock();
    if (state->is_shut_down) return;
    const unsigned failures = ++state->failures[key];
    delay = backoff(backoff_, failures, roll(*state), floor);
    const auto run = state->running.find(key);
    if (run != state->running.end()) priority = keep(run->second, tried_again_as(run->second.taken, failures));
  }
  watcher_.retried(key, delay);
  come_back(key, delay, priority);
}

void WorkQueue::forget(const ObjectKey& key) {
  state_.lock()->failures.erase(key);
}

void WorkQueue::come_back(const ObjectKey& key, milliseconds delay, Priority priority) {
  // The steady clock counts nanoseconds, which end after 292 years.
  constexpr auto kLongest = std::chrono::duration_cast<milliseconds>(std::chrono::years{100});
  const Time when = clock_.now() + std::clamp(delay, milliseconds{0}, kLongest);
  const std::string host = host_of(key);
  const Priority least = least_of(key);
  {
    auto state = state_.lock();
    if (state->is_shut_down || state->due.contains(key) || state->again.contains(key)) return;
    state->hosts.put(key, host);
    state->delayed.add(key, when, std::max(priority, least));
  }
  changed_.notify_all();
}

Priority WorkQueue::least_of(const ObjectKey& key) const {
  return is_deleted_ && is_deleted_(key) ? Priority::Deletion : Priority::Resync;
}

bool WorkQueue::make_due(State& state, const ObjectKey& key, Priority asked, Priority kept, Time since) {
  if (asked == Priority::Edit) state.failures.erase(key);
  return state.due.add(key, state.hosts.of(key), std::max(asked, kept), since);
}

std::vector<ObjectKey> WorkQueue::promote_delayed(State& state, Time now) {
  std::vector<std::pair<Time, ObjectKey>> ripe;
  for (const auto& [when, key] : state.delayed.in_order()) {
    if (when > now) break;
    if (!state.running.contains(key)) ripe.emplace_back(when, key);
  }
  std::vector<ObjectKey> promoted;
  for (const auto& [when, key] : ripe) {
    const Priority kept = state.delayed.remove(key).value_or(Priority::Resync);
    if (make_due(state, key, Priority::Resync, kept, when)) promoted.push_back(key);
  }
  return promoted;
}

std::optional<DueKeys::Due> WorkQueue::first_free(const State& state, Taker taker) const {
  const auto taken_of = [&state](const Lane& lane) {
    const auto taken = state.deletions.find(lane.namespace_name);
    return std::optional<std::size_t>(taken == state.deletions.end() ? 0 : taken->second);
  };
  if (taker == Taker::OfDeletions) return state.due.first(taken_of, Priority::Deletion);
  const WorkerShares shares{workers_, state.running_in, state.hosts.counts()};
  return state.due.first([&](const Lane& lane) { return shares.burden(lane); });
}

WorkQueue::Next WorkQueue::pop(State& state, Time now, Taker taker) const {
  Next next{.promoted = promote_delayed(state, now)};
  const auto first = first_free(state, taker);
  if (!first && taker == Taker::OfDeletions) state.deletions.clear();
  if (!first) return next;
  next.key = first->key;
  next.waited = now - first->since;
  state.due.remove(first->key);
  State::Running run{.since = now, .lane = {}, .taken = first->priority};
  if (taker == Taker::OfDeletions) {
    ++state.deletions[first->key.namespace_name];
  } else {
    run.lane = Lane{first->key.namespace_name, state.hosts.of(first->key)};
    state.running_in.add(*run.lane);
  }
  state.running.emplace(first->key, std::move(run));
  return next;
}

std::optional<ObjectKey> WorkQueue::announce(const Next& next) {
  for (const ObjectKey& key : next.promoted) watcher_.added(key.kind);
  if (next.key) watcher_.taken(next.key->kind, next.waited);
  return next.key;
}

std::optional<ObjectKey> WorkQueue::try_take(Taker taker) {
  const Time now = clock_.now();
  Next next;
  {
    auto state = state_.lock();
    if (state->is_shut_down) return std::nullopt;
    next = pop(*state, now, taker);
  }
  return announce(next);
}

std::optional<SteadyClock::Time> WorkQueue::next_delayed(const State& state) {
  for (const auto& [when, key] : state.delayed.in_order())
    if (!state.running.contains(key)) return when;
  return std::nullopt;
}

std::optional<ObjectKey> WorkQueue::take(std::stop_token stop, Taker taker) {
  while (!stop.stop_requested()) {
    if (auto key = try_take(taker)) return key;
    auto state = state_.lock();
    if (state->is_shut_down) return std::nullopt;
    const auto first = next_delayed(*state);
    const auto is_changed = [this, &state, first, taker] {
      return state->is_shut_down || first_free(*state, taker) || next_delayed(*state) != first;
    };
    if (first) {
      state.wait_for(changed_, stop, *first - clock_.now(), is_changed);
    } else {
      state.wait(changed_, stop, is_changed);
    }
  }
  return std::nullopt;
}

void WorkQueue::done(const ObjectKey& key) {
  const Time now = clock_.now();
  bool is_added = false;
  {
    auto state = state_.lock();
    const auto run = state->running.extract(key);
    if (run && run.mapped().lane) state->running_in.remove(*run.mapped().lane);
    const auto again = state->again.extract(key);
    if (run && again && !state->is_shut_down) is_added = make_due(*state, key, again.mapped(), run.mapped().kept, now);
    if (!state->due.contains(key) && !state->delayed.contains(key)) state->hosts.remove(key);
  }
  changed_.notify_all();
  if (is_added) watcher_.added(key.kind);
}

void WorkQueue::shut_down() {
  state_.lock()->is_shut_down = true;
  changed_.notify_all();
}

void WorkQueue::drain(milliseconds longest) {
  shut_down();
  auto state = state_.lock();
  state.wait_for(changed_, std::stop_token{}, longest, [&state] { return state->running.empty(); });
}

std::map<ResourceKind, QueueStatistics> WorkQueue::statistics() const {
  const Time now = clock_.now();
  std::map<ResourceKind, QueueStatistics> all;
  const auto state = state_.lock();
  for (const auto& [kind, number] : state->due.count()) all[kind].depth = number;
  for (const auto& [when, key] : state->delayed.in_order()) ++all[key.kind].delayed;
  for (const auto& [key, run] : state->running) {
    QueueStatistics& kind = all[key.kind];
    ++kind.running;
    kind.unfinished += now - run.since;
    kind.longest_running = std::max(kind.longest_running, std::chrono::nanoseconds{now - run.since});
  }
  return all;
}

std::optional<SteadyClock::Time> WorkQueue::oldest_work() const {
  const Time now = clock_.now();
  std::optional<Time> oldest;
  const auto take = [&oldest](Time since) { oldest = std::min(oldest.value_or(since), since); };
  const auto state = state_.lock();
  if (const auto due = state->due.oldest()) take(*due);
  for (const auto& [key, run] : state->running) take(run.since);
  if (!state->delayed.empty())
    if (const Time when = state->delayed.in_order().begin()->first; when <= now) take(when);
  return oldest;
}

bool WorkQueue::is_idle() const {
  const auto state = state_.lock();
  return state->due.empty() && state->running.empty();
}

}  // namespace slipway::runtime

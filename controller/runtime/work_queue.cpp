#include "controller/runtime/work_queue.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

namespace slipway::runtime {

using std::chrono::milliseconds;

WorkQueue::WorkQueue(const SteadyClock& clock, WorkWatcher& watcher, const Options& options)
    : clock_(clock),
      watcher_(watcher),
      backoff_(options.backoff),
      most_of_one_namespace_(options.most_of_one_namespace) {
  state_.lock()->random.seed(options.seed);
}

void WorkQueue::add(const ObjectKey& key, Priority priority) {
  const Time now = clock_.now();
  bool is_added = false;
  {
    auto state = state_.lock();
    if (state->is_shut_down) return;
    state->delayed.erase(key);
    if (state->running.contains(key)) {
      auto& again = state->again.try_emplace(key, priority).first->second;
      again = std::max(again, priority);
    } else {
      is_added = make_due(*state, key, priority, now);
    }
  }
  changed_.notify_all();
  if (is_added) watcher_.added(key.kind);
}

void WorkQueue::add_after(const ObjectKey& key, milliseconds delay) {
  delay_until(key, clock_.now() + std::max(delay, milliseconds{0}));
}

void WorkQueue::retry(const ObjectKey& key, std::optional<milliseconds> floor) {
  milliseconds delay{};
  {
    auto state = state_.lock();
    if (state->is_shut_down) return;
    const double roll = std::uniform_real_distribution<double>{0, 1}(state->random);
    delay = backoff(backoff_, ++state->failures[key], roll, floor);
  }
  watcher_.retried(key.kind);
  add_after(key, delay);
}

void WorkQueue::forget(const ObjectKey& key) {
  state_.lock()->failures.erase(key);
}

void WorkQueue::delay_until(const ObjectKey& key, Time when) {
  {
    auto state = state_.lock();
    if (state->is_shut_down || state->due.contains(key) || state->again.contains(key)) return;
    auto& stored = state->delayed.try_emplace(key, when).first->second;
    stored = std::min(stored, when);
  }
  changed_.notify_all();
}

bool WorkQueue::make_due(State& state, const ObjectKey& key, Priority priority, Time since) {
  auto [at, is_new] = state.due.try_emplace(key, Due{priority, since, state.arrivals});
  if (is_new) ++state.arrivals;
  at->second.priority = std::max(at->second.priority, priority);
  return is_new;
}

std::vector<ObjectKey> WorkQueue::promote_delayed(State& state, Time now) {
  std::vector<ObjectKey> promoted;
  for (auto at = state.delayed.begin(); at != state.delayed.end();) {
    const auto& [key, when] = *at;
    if (when > now || state.running.contains(key)) {
      ++at;
      continue;
    }
    if (make_due(state, key, Priority::Resync, when)) promoted.push_back(key);
    at = state.delayed.erase(at);
  }
  return promoted;
}

/// Tenants share the workers: what hangs or drips in one namespace leaves the others theirs.
std::set<std::string> WorkQueue::namespaces_with_their_share(const State& state) const {
  std::set<std::string> full;
  if (most_of_one_namespace_ == 0) return full;
  std::map<std::string, std::size_t> counts;
  for (const auto& [key, since] : state.running)
    if (!key.namespace_name.empty()) ++counts[key.namespace_name];
  const auto has_others = [&state](const std::string& name) {
    const auto is_other = [&name](const auto& entry) {
      return !entry.first.namespace_name.empty() && entry.first.namespace_name != name;
    };
    return std::ranges::any_of(state.running, is_other) || std::ranges::any_of(state.due, is_other) ||
           std::ranges::any_of(state.delayed, is_other);
  };
  for (const auto& [name, count] : counts)
    if (count >= most_of_one_namespace_ && has_others(name)) full.insert(name);
  return full;
}

WorkQueue::DueKeys::const_iterator WorkQueue::first_free(const State& state) const {
  const std::set<std::string> full = namespaces_with_their_share(state);
  const auto rank = [](const auto& entry) {
    return std::tuple{entry.second.priority == Priority::Resync, entry.second.since, entry.second.number};
  };
  auto first = state.due.end();
  for (auto at = state.due.begin(); at != state.due.end(); ++at) {
    if (full.contains(at->first.namespace_name)) continue;
    if (first == state.due.end() || rank(*at) < rank(*first)) first = at;
  }
  return first;
}

WorkQueue::Next WorkQueue::pop(State& state, Time now) const {
  Next next{.promoted = promote_delayed(state, now)};
  const auto first = first_free(state);
  if (first == state.due.end()) return next;
  next.key = first->first;
  next.waited = now - first->second.since;
  state.due.erase(first);
  state.running.emplace(*next.key, now);
  return next;
}

std::optional<ObjectKey> WorkQueue::announce(const Next& next) {
  for (const ObjectKey& key : next.promoted) watcher_.added(key.kind);
  if (next.key) watcher_.taken(next.key->kind, next.waited);
  return next.key;
}

std::optional<ObjectKey> WorkQueue::try_take() {
  const Time now = clock_.now();
  Next next;
  {
    auto state = state_.lock();
    if (state->is_shut_down) return std::nullopt;
    next = pop(*state, now);
  }
  return announce(next);
}

std::optional<SteadyClock::Time> WorkQueue::next_delayed(const State& state) {
  std::optional<Time> first;
  for (const auto& [key, when] : state.delayed) {
    if (!state.running.contains(key)) first = std::min(first.value_or(when), when);
  }
  return first;
}

std::optional<ObjectKey> WorkQueue::take(std::stop_token stop) {
  while (!stop.stop_requested()) {
    if (auto key = try_take()) return key;
    auto state = state_.lock();
    if (state->is_shut_down) return std::nullopt;
    const auto first = next_delayed(*state);
    const auto is_changed = [this, &state, first] {
      return state->is_shut_down || first_free(*state) != state->due.end() || next_delayed(*state) != first;
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
    state->running.erase(key);
    const auto again = state->again.extract(key);
    if (again && !state->is_shut_down) is_added = make_due(*state, key, again.mapped(), now);
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
  for (const auto& [key, due] : state->due) ++all[key.kind].depth;
  for (const auto& [key, when] : state->delayed) ++all[key.kind].delayed;
  for (const auto& [key, since] : state->running) {
    QueueStatistics& kind = all[key.kind];
    ++kind.running;
    kind.unfinished += now - since;
    kind.longest_running = std::max(kind.longest_running, std::chrono::nanoseconds{now - since});
  }
  return all;
}

std::optional<SteadyClock::Time> WorkQueue::oldest_work() const {
  const Time now = clock_.now();
  std::optional<Time> oldest;
  const auto take = [&oldest](Time since) { oldest = std::min(oldest.value_or(since), since); };
  const auto state = state_.lock();
  for (const auto& [key, due] : state->due) take(due.since);
  for (const auto& [key, since] : state->running) take(since);
  for (const auto& [key, when] : state->delayed)
    if (when <= now) take(when);
  return oldest;
}

bool WorkQueue::is_idle() const {
  const auto state = state_.lock();
  return state->due.empty() && state->running.empty();
}

}  // namespace slipway::runtime

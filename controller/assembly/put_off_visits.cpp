#include "controller/assembly/put_off_visits.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace slipway::assembly {

void PutOffVisits::bring_back(const ObjectKey& key, runtime::Priority priority) {
  if (runtime::WorkQueue* queue = queue_) queue->add(key, priority);
}

void PutOffVisits::began(const std::string& host) {
  log_.warn(host + " gives no answer in time: one resource at a time asks it now, the others wait until it does",
            {{"host", host}});
}

void PutOffVisits::put_off(const std::shared_ptr<const registry::HostSilence>& host, registry::SilenceRow row,
                           const std::string& visit) {
  state_.lock()->refused[visit].emplace(host, row);
}

void PutOffVisits::is_free(const std::string& host, registry::SilenceRow row) {
  std::optional<ObjectKey> first;
  {
    const auto state = state_.lock();
    const auto waiting = state->waiting.find(host);
    if (waiting == state->waiting.end() || waiting->second.rows[row].empty()) return;
    first = waiting->second.rows[row].in_order().begin()->second;
    waiting->second.rows[row].remove(*first);
    state->woken.insert_or_assign(*first, Turn{waiting->second.host, row});
  }
  // Whoever is behind it in the row waits for its visit.
  bring_back(*first, runtime::Priority::Unready);
}

void PutOffVisits::is_over(const std::string& host) {
  const auto waiting = state_.lock()->waiting.extract(host);
  std::set<std::pair<runtime::DelayedKeys::Time, ObjectKey>> all;
  if (waiting)
    for (const auto& [row, keys] : waiting.mapped().rows) all.insert(keys.in_order().begin(), keys.in_order().end());
  log_.info(host + " no longer keeps requests waiting",
            {{"host", host}, {"broughtBack", static_cast<std::int64_t>(all.size())}});
  for (const auto& [since, key] : all)
    bring_back(key, is_unready_(key) ? runtime::Priority::Unready : runtime::Priority::Resync);
}

void PutOffVisits::forget(State& state, const ObjectKey& key) {
  for (auto& [host, waiting] : state.waiting)
    for (auto& [row, keys] : waiting.rows) keys.remove(key);
  std::erase_if(state.waiting, [](const auto& of_host) {
    return std::ranges::all_of(of_host.second.rows, [](const auto& row) { return row.second.empty(); });
  });
}

void PutOffVisits::ended(const ObjectKey& key, const std::string& visit, const Outcome& outcome) {
  std::set<Turn> missed;
  std::optional<Turn> given;
  {
    const auto now = clock_.now();
    const auto state = state_.lock();
    forget(*state, key);
    if (auto woken = state->woken.extract(key)) given = std::move(woken.mapped());
    if (auto refused = state->refused.extract(visit); refused && outcome.kind == Outcome::Kind::PutOff)
      missed = std::move(refused.mapped());
    for (const auto& [host, row] : missed) {
      OfHost& waiting = state->waiting[host->host()];
      waiting.host = host;
      waiting.rows[row].add(key, now);
    }
  }
  // It may not have needed the turn that it was given: the next one may.
  if (given && !given->first->is_taken(given->second) && !missed.contains(*given))
    is_free(given->first->host(), given->second);
  // Who told that one may ask, before it stood in the row, did not find it there.
  const auto is_to_be_had = [](const Turn& turn) { return !turn.first->is_taken(turn.second); };
  if (std::ranges::any_of(missed, is_to_be_had)) bring_back(key, runtime::Priority::Unready);
}

Outcome PutOffReconciler::reconcile(const ObjectKey& key, std::stop_token stop) {
  const std::string& visit = telemetry::current_reconcile_id();
  try {
    const Outcome outcome = next_.reconcile(key, std::move(stop));
    visits_.ended(key, visit, outcome);
    return outcome;
  } catch (...) {
    visits_.forget(visit);
    throw;
  }
}

}  // namespace slipway::assembly

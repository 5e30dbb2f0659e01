#include "controller/assembly/put_off_visits.h"

#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace slipway::assembly {

void PutOffVisits::bring_back(const ObjectKey& key) {
  if (runtime::WorkQueue* queue = queue_) queue->add(key, runtime::Priority::Resync);
}

void PutOffVisits::began(const std::string& host) {
  log_.warn(host + " gives no answer in time: one resource at a time asks it now, the others wait until it does",
            {{"host", host}});
}

void PutOffVisits::put_off(const std::shared_ptr<const registry::HostSilence>& host, const std::string& visit) {
  state_.lock()->refused[visit].insert(host);
}

void PutOffVisits::is_free(const std::string& host) {
  std::optional<ObjectKey> first;
  {
    const auto state = state_.lock();
    const auto row = state->row.find(host);
    if (row == state->row.end()) return;
    first = row->second.in_order().begin()->second;
    row->second.remove(*first);
    if (row->second.empty()) state->row.erase(row);
  }
  bring_back(*first);
}

void PutOffVisits::is_over(const std::string& host) {
  const auto row = state_.lock()->row.extract(host);
  std::vector<ObjectKey> all;
  if (row)
    for (const auto& [since, key] : row.mapped().in_order()) all.push_back(key);
  log_.info(host + " no longer keeps requests waiting",
            {{"host", host}, {"broughtBack", static_cast<std::int64_t>(all.size())}});
  for (const ObjectKey& key : all) bring_back(key);
}

void PutOffVisits::ended(const ObjectKey& key, const std::string& visit, const Outcome& outcome) {
  Hosts hosts;
  {
    const auto now = clock_.now();
    const auto state = state_.lock();
    for (auto row = state->row.begin(); row != state->row.end();) {
      row->second.remove(key);
      row = row->second.empty() ? state->row.erase(row) : std::next(row);
    }
    if (auto refused = state->refused.extract(visit); refused && outcome.kind == Outcome::Kind::PutOff)
      hosts = std::move(refused.mapped());
    for (const auto& host : hosts) state->row[host->host()].add(key, now);
  }
  // Who told that one may ask, before it stood in the row, did not find it there.
  for (const auto& host : hosts)
    if (!host->is_taken()) return bring_back(key);
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

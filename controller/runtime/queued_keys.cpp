#include "controller/runtime/queued_keys.h"

#include <algorithm>

namespace slipway::runtime {

bool DueKeys::add(const ObjectKey& key, const std::string& host, Priority priority, Time since) {
  const Lane lane{key.namespace_name, host};
  const auto known = places_.find(key);
  if (known == places_.end()) {
    put(key, {lane, {priority, since, arrivals_++}});
    return true;
  }
  Place place = known->second;
  const bool is_lifted = priority > place.rank.priority;
  if (!is_lifted && place.lane == lane) return false;
  remove(key);
  place.lane = lane;
  if (is_lifted) place.rank.priority = priority;
  put(key, place);
  return false;
}

void DueKeys::lower(const ObjectKey& key, Priority highest) {
  const auto known = places_.find(key);
  if (known == places_.end() || known->second.rank.priority <= highest) return;
  Place place = known->second;
  remove(key);
  place.rank.priority = highest;
  put(key, place);
}

void DueKeys::put(const ObjectKey& key, const Place& place) {
  places_.emplace(key, place);
  by_lane_[place.lane].emplace(place.rank, key);
  times_.insert(place.rank.since);
}

void DueKeys::remove(const ObjectKey& key) {
  const auto known = places_.find(key);
  if (known == places_.end()) return;
  const auto of_lane = by_lane_.find(known->second.lane);
  of_lane->second.erase(known->second.rank);
  if (of_lane->second.empty()) by_lane_.erase(of_lane);
  times_.erase(times_.find(known->second.rank.since));
  places_.erase(known);
}

std::optional<DueKeys::Due> DueKeys::first(const Burden& burden_of, Priority lowest) const {
  const std::pair<const Rank, ObjectKey>* first = nullptr;
  std::size_t least = 0;
  for (const auto& [lane, keys] : by_lane_) {
    const auto& candidate = *keys.begin();
    if (candidate.first.priority < lowest) continue;
    const auto burden = burden_of(lane);
    if (!burden) continue;
    if (first != nullptr && std::tie(least, first->first) < std::tie(*burden, candidate.first)) continue;
    first = &candidate;
    least = *burden;
  }
  if (first == nullptr) return std::nullopt;
  return Due{first->second, first->first.since, first->first.priority};
}

std::optional<DueKeys::Time> DueKeys::oldest() const {
  return times_.empty() ? std::nullopt : std::optional{*times_.begin()};
}

std::map<ResourceKind, std::size_t> DueKeys::count() const {
  std::map<ResourceKind, std::size_t> counts;
  for (const auto& [key, place] : places_) ++counts[key.kind];
  return counts;
}

bool DelayedKeys::add(const ObjectKey& key, Time when, Priority priority) {
  const auto [known, is_new] = places_.try_emplace(key, Place{when, priority});
  Place& place = known->second;
  place.priority = std::max(place.priority, priority);
  if (!is_new && place.when <= when) return false;
  if (!is_new) order_.erase({place.when, key});
  place.when = when;
  order_.emplace(when, key);
  return is_new;
}

std::optional<Priority> DelayedKeys::remove(const ObjectKey& key) {
  const auto known = places_.extract(key);
  if (!known) return std::nullopt;
  order_.erase({known.mapped().when, key});
  return known.mapped().priority;
}

void KeyHosts::put(const ObjectKey& key, const std::string& host) {
  const auto [known, is_new] = hosts_.try_emplace(key, host);
  if (!is_new && known->second == host) return;
  const std::string before = std::exchange(known->second, host);
  if (key.namespace_name.empty()) return;
  if (!is_new) counts_.remove({key.namespace_name, before});
  counts_.add({key.namespace_name, host});
}

void KeyHosts::remove(const ObjectKey& key) {
  const auto known = hosts_.find(key);
  if (known == hosts_.end()) return;
  if (!key.namespace_name.empty()) counts_.remove({key.namespace_name, known->second});
  hosts_.erase(known);
}

std::string KeyHosts::of(const ObjectKey& key) const {
  const auto known = hosts_.find(key);
  return known == hosts_.end() ? "" : known->second;
}

}  // namespace slipway::runtime

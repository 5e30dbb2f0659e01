#include "controller/runtime/queued_keys.h"

#include <algorithm>
#include <tuple>

namespace slipway::runtime {

bool DueKeys::add(const ObjectKey& key, Priority priority, Time since) {
  const auto known = ranks_.find(key);
  if (known == ranks_.end()) {
    place(key, {priority == Priority::Resync, since, arrivals_++});
    return true;
  }
  Rank rank = known->second;
  if (priority == Priority::Resync || !rank.is_resync) return false;
  remove(key);
  rank.is_resync = false;
  place(key, rank);
  return false;
}

void DueKeys::place(const ObjectKey& key, const Rank& rank) {
  ranks_.emplace(key, rank);
  by_namespace_[key.namespace_name].emplace(rank, key);
  times_.insert(rank.since);
}

void DueKeys::remove(const ObjectKey& key) {
  const auto known = ranks_.find(key);
  if (known == ranks_.end()) return;
  const auto of_namespace = by_namespace_.find(key.namespace_name);
  of_namespace->second.erase(known->second);
  if (of_namespace->second.empty()) by_namespace_.erase(of_namespace);
  times_.erase(times_.find(known->second.since));
  ranks_.erase(known);
}

std::optional<DueKeys::Due> DueKeys::first(const Burden& burden_of) const {
  const std::pair<const Rank, ObjectKey>* first = nullptr;
  std::size_t least = 0;
  for (const auto& [namespace_name, keys] : by_namespace_) {
    const auto burden = burden_of(namespace_name);
    if (!burden) continue;
    const auto& candidate = *keys.begin();
    if (first != nullptr && std::tie(least, first->first) < std::tie(*burden, candidate.first)) continue;
    first = &candidate;
    least = *burden;
  }
  if (first == nullptr) return std::nullopt;
  return Due{first->second, first->first.since};
}

std::optional<DueKeys::Time> DueKeys::oldest() const {
  return times_.empty() ? std::nullopt : std::optional{*times_.begin()};
}

std::map<ResourceKind, std::size_t> DueKeys::count() const {
  std::map<ResourceKind, std::size_t> counts;
  for (const auto& [key, rank] : ranks_) ++counts[key.kind];
  return counts;
}

bool DelayedKeys::add(const ObjectKey& key, Time when) {
  const auto [known, is_new] = times_.try_emplace(key, when);
  if (!is_new && known->second <= when) return false;
  if (!is_new) order_.erase({known->second, key});
  known->second = when;
  order_.emplace(when, key);
  return is_new;
}

bool DelayedKeys::remove(const ObjectKey& key) {
  const auto known = times_.find(key);
  if (known == times_.end()) return false;
  order_.erase({known->second, key});
  times_.erase(known);
  return true;
}

void NamespaceCounts::add(const ObjectKey& key) {
  ++counts_[key.namespace_name];
}

void NamespaceCounts::remove(const ObjectKey& key) {
  const auto known = counts_.find(key.namespace_name);
  if (known != counts_.end() && --known->second == 0) counts_.erase(known);
}

std::size_t NamespaceCounts::of(const std::string& namespace_name) const {
  const auto known = counts_.find(namespace_name);
  return known == counts_.end() ? 0 : known->second;
}

bool NamespaceCounts::has_other_than(const std::string& namespace_name) const {
  return std::ranges::any_of(counts_,
                             [&](const auto& each) { return !each.first.empty() && each.first != namespace_name; });
}

}  // namespace slipway::runtime

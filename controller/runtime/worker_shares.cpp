#include "controller/runtime/worker_shares.h"

#include <algorithm>

namespace slipway::runtime {
namespace {

/// Of fewer workers none is kept for who is not known yet.
constexpr std::size_t kManyWorkers = 8;

std::size_t half_of(std::size_t workers) {
  return std::max<std::size_t>(workers / 2, 1);
}

}  // namespace

void NameCounts::remove(const std::string& name) {
  const auto known = counts_.find(name);
  if (known != counts_.end() && --known->second == 0) counts_.erase(known);
}

std::size_t NameCounts::of(const std::string& name) const {
  const auto known = counts_.find(name);
  return known == counts_.end() ? 0 : known->second;
}

bool NameCounts::has_other_than(const std::string& name) const {
  return std::ranges::any_of(counts_, [&](const auto& each) { return !each.first.empty() && each.first != name; });
}

bool NameCounts::has_beyond(const NameCounts& other) const {
  return std::ranges::any_of(counts_,
                             [&](const auto& each) { return !each.first.empty() && other.of(each.first) == 0; });
}

void LaneCounts::add(const Lane& lane) {
  ++size_;
  namespaces_.add(lane.namespace_name);
  hosts_.add(lane.host);
  at_[lane.host].add(lane.namespace_name);
}

void LaneCounts::remove(const Lane& lane) {
  --size_;
  namespaces_.remove(lane.namespace_name);
  hosts_.remove(lane.host);
  const auto at = at_.find(lane.host);
  if (at == at_.end()) return;
  at->second.remove(lane.namespace_name);
  if (at->second.empty()) at_.erase(at);
}

const NameCounts& LaneCounts::namespaces_at(const std::string& host) const {
  static const NameCounts none;
  const auto at = at_.find(host);
  return at == at_.end() ? none : at->second;
}

WorkerShares::WorkerShares(std::size_t workers, const LaneCounts& running, const LaneCounts& known)
    : workers_(workers),
      running_(running),
      known_(known),
      free_(workers - std::min(workers, running.size())),
      namespaces_wait_(workers >= kManyWorkers || known.namespaces().names() > running.namespaces().names()),
      hosts_wait_(known.hosts().has_beyond(running.hosts())) {}

std::optional<std::size_t> WorkerShares::burden(const Lane& lane) const {
  const bool may = workers_ == 0 || (namespace_may(lane.namespace_name) && host_may(lane));
  return may ? std::optional(running_.namespaces().of(lane.namespace_name)) : std::nullopt;
}

bool WorkerShares::namespace_may(const std::string& name) const {
  const std::size_t has = running_.namespaces().of(name);
  if (name.empty() || has == 0) return true;
  // Beside the one for a host: else who holds all but that one would keep new namespaces out.
  const std::size_t kept = hosts_wait_ ? 2 : 1;
  if (namespaces_wait_ && free_ <= kept) return false;
  return has < workers_ / 2 || !known_.namespaces().has_other_than(name);
}

bool WorkerShares::host_may(const Lane& lane) const {
  const std::size_t has = running_.hosts().of(lane.host);
  if (lane.host.empty() || has == 0) return true;
  if (hosts_wait_ && free_ <= 1) return false;
  if (!known_.hosts().has_other_than(lane.host)) return true;
  const std::size_t share = half_of(workers_);
  return has < share && namespace_may_at(lane, has, share);
}

/// Else one namespace whose sources hang would hold the host's whole share.
bool WorkerShares::namespace_may_at(const Lane& lane, std::size_t at_host, std::size_t share) const {
  const NameCounts& running = running_.namespaces_at(lane.host);
  const NameCounts& known = known_.namespaces_at(lane.host);
  const std::size_t has = running.of(lane.namespace_name);
  if (has == 0) return true;
  const bool is_kept = workers_ >= kManyWorkers || known.has_beyond(running);
  if (is_kept && at_host + 1 >= share) return false;
  return has < half_of(share) || !known.has_other_than(lane.namespace_name);
}

}  // namespace slipway::runtime

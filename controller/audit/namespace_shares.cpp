#include "controller/audit/namespace_shares.h"

namespace slipway::audit {

std::optional<std::int64_t> NamespaceShares::hold_back(const Part& part, std::int64_t room, Timestamp now) {
  const Hour hour = std::chrono::floor<std::chrono::hours>(now);
  forget_before(hour - std::chrono::hours(23));
  if (!first_) first_ = part.namespace_name;
  are_several_ = are_several_ || part.namespace_name != *first_;
  const std::int64_t before = written_by(part.namespace_name);
  const bool may_hold = are_several_ && !part.must_pass && room >= kFull;
  if (may_hold && before > 0 && before + part.bytes > room) return before;
  written_[part.namespace_name][hour] += part.bytes;
  return std::nullopt;
}

void NamespaceShares::forget_before(Hour hour) {
  for (auto& [name, hours] : written_) hours.erase(hours.begin(), hours.lower_bound(hour));
  std::erase_if(written_, [](const auto& each) { return each.second.empty(); });
}

std::int64_t NamespaceShares::written_by(const std::string& namespace_name) const {
  std::int64_t sum = 0;
  if (const auto found = written_.find(namespace_name); found != written_.end())
    for (const auto& [hour, bytes] : found->second) sum += bytes;
  return sum;
}

}  // namespace slipway::audit

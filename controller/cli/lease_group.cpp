#include "controller/cli/lease_group.h"

#include <algorithm>

#include "controller/cluster/membership.h"
#include "crds/base/text.h"

namespace slipway::cli {

namespace {

constexpr std::size_t kLongest = 63;

bool is_inner(char c) {
  return is_lower(c) || is_digit(c) || c == '-';
}

char inner_of(char c) {
  const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return is_inner(lower) ? lower : '-';
}

}  // namespace

bool is_group_name(const std::string& name) {
  return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, is_inner) && name.front() != '-' &&
         name.back() != '-';
}

std::string lease_group_of(const ClusterFlags& flags, const std::string& host) {
  if (!flags.lease_group.empty()) return flags.lease_group;
  if (flags.in_cluster) return "slipway";
  std::string group = std::string(cluster::kGroupOfOneHost) + '-' + host;
  group.resize(std::min(group.size(), kLongest));
  std::ranges::transform(group, group.begin(), inner_of);
  group.erase(group.find_last_not_of('-') + 1);
  return group;
}

}  // namespace slipway::cli

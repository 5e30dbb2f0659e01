#include "controller/registry/registry_rules.h"

#include <algorithm>

#include "crds/base/host.h"
#include "crds/base/text.h"
#include "reconcilers/address_rules.h"
#include "reconcilers/docker_hub.h"
#include "reconcilers/registry_name.h"

namespace slipway::registry {

std::map<std::string, std::int64_t> RegistryRules::slowest_of(const Registries& registries) {
  std::map<std::string, std::int64_t> slowest;
  for (const auto& [name, one] : registries) {
    if (!one.per_second) continue;
    const auto [kept, added] = slowest.emplace(one.endpoint, *one.per_second);
    kept->second = std::min(kept->second, *one.per_second);
  }
  return slowest;
}

void RegistryRules::learn(const std::vector<ContainerRegistry>& registries) {
  Registries fresh;
  for (const auto& registry : registries)
    fresh[registry.metadata.name] = {.host = wire_host(lower_case(registry.spec.login_server)),
                                     .endpoint = registry_name(registry),
                                     .named = named_hosts(registry),
                                     .per_second = registry.spec.transfer.max_requests_per_second};
  auto known = known_.lock();
  if (*known == fresh) return;
  const auto before = slowest_of(*known);
  const auto now = slowest_of(fresh);
  *known = std::move(fresh);
  for (const auto& [host, rate] : before)
    if (!now.contains(host)) rates_.set(host, std::nullopt);
  for (const auto& [host, rate] : now) rates_.set(host, rate);
}

Result<void> RegistryRules::may_call(std::string_view from, std::string_view to) const {
  AddressRules rules{.in_cluster = in_cluster_, .named = {}};
  for (const auto held = known_.lock(); const auto& [name, one] : *held)
    if (canonical_address(one.host) == canonical_address(from))
      rules.named.insert(rules.named.end(), one.named.begin(), one.named.end());
  return check_address(to, rules);
}

bool RegistryRules::is_registry(std::string_view host) const {
  const auto known = known_.lock();
  return std::ranges::any_of(*known, [host](const auto& one) { return one.second.host == host; });
}

Result<void> RegistryRules::may_connect(std::string_view host, std::string_view address) const {
  // An address as it is written was judged where it was written.
  if (classify_address(host) != AddressKind::Other) return {};
  AddressRules rules{.in_cluster = in_cluster_, .named = {}};
  for (const auto held = known_.lock(); const auto& [name, one] : *held)
    if (names(one.named, host)) rules.named.emplace_back(address);
  return check_address(address, rules);
}

}  // namespace slipway::registry

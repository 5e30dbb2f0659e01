#include "controller/registry/registry_rules.h"

#include <algorithm>

#include "controller/registry/docker_hub.h"
#include "reconcilers/address_rules.h"

namespace slipway::registry {

void RegistryRules::learn(const ContainerRegistry& registry) {
  const Known fresh{.host = wire_host(registry.spec.login_server),
                    .named = named_hosts(registry),
                    .per_second = registry.spec.transfer.max_requests_per_second};
  auto known = known_.lock();
  Known& kept = (*known)[registry.metadata.name];
  if (kept == fresh) return;
  kept = fresh;
  std::optional<std::int64_t> slowest;
  for (const auto& [name, one] : *known)
    if (one.host == fresh.host && one.per_second)
      slowest = slowest ? std::min(*slowest, *one.per_second) : *one.per_second;
  rates_.set(fresh.host, slowest);
}

Result<void> RegistryRules::may_call(std::string_view from, std::string_view to) const {
  AddressRules rules{.in_cluster = in_cluster_, .named = {}};
  for (const auto held = known_.lock(); const auto& [name, one] : *held)
    if (one.host == from) rules.named.insert(rules.named.end(), one.named.begin(), one.named.end());
  return check_address(to, rules);
}

Result<void> RegistryRules::may_connect(std::string_view host, std::string_view address) const {
  // An address as it is written was judged where it was written.
  if (classify_address(host) != AddressKind::Other) return {};
  AddressRules rules{.in_cluster = in_cluster_, .named = {}};
  for (const auto held = known_.lock(); const auto& [name, one] : *held)
    if (std::find(one.named.begin(), one.named.end(), host) != one.named.end()) rules.named.emplace_back(address);
  return check_address(address, rules);
}

}  // namespace slipway::registry

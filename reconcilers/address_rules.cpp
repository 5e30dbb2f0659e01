#include "reconcilers/address_rules.h"

#include <algorithm>

#include "crds/base/host.h"
#include "crds/base/text.h"

namespace slipway {

std::vector<std::string> named_hosts(const ContainerRegistry& registry) {
  std::vector<std::string> out{registry.spec.login_server};
  for (const auto& entry : registry.spec.access) {
    if (!entry.sources) continue;
    for (const auto& pattern : *entry.sources) {
      const std::string host = pattern.substr(0, pattern.find('/'));
      if (host.find('*') == std::string::npos) out.push_back(host);
    }
  }
  return out;
}

bool names(const std::vector<std::string>& named, std::string_view host) {
  return std::ranges::any_of(named, [&](const auto& one) { return canonical_address(one) == canonical_address(host); });
}

Result<void> check_address(std::string_view host, const AddressRules& rules) {
  const AddressKind kind = classify_address(host);
  if (kind == AddressKind::Metadata)
    return fail(ErrorClass::Refused, quoted(host) + " is an address of the machine's own metadata service",
                "name a registry or service that is not the machine itself");
  const bool free =
      kind == AddressKind::Other || (kind == AddressKind::Loopback && !rules.in_cluster) || names(rules.named, host);
  if (free) return {};
  const std::string_view what = kind == AddressKind::Loopback ? " is this machine itself" : " is a link-local address";
  return fail(ErrorClass::Refused, quoted(host) + std::string(what) + ", which a tenant's text may not name",
              "who keeps the ContainerRegistry may name the host in an access entry's sources");
}

}  // namespace slipway

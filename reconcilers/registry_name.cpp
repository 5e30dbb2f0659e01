#include "reconcilers/registry_name.h"

#include "crds/base/host.h"
#include "reconcilers/docker_hub.h"

namespace slipway {

std::string registry_name(std::string_view host, bool plain_http) {
  const CanonicalAddress address = canonical_address(host);
  return wire_host(address.host) + ':' + std::to_string(address.port.value_or(plain_http ? 80 : 443));
}

std::string registry_name(const ContainerRegistry& registry) {
  return registry_name(registry.spec.login_server, registry.spec.plain_http);
}

}  // namespace slipway

#include "reconcilers/registry_name.h"

#include "crds/base/host.h"
#include "reconcilers/docker_hub.h"

namespace slipway {

std::string registry_name(std::string_view host, bool plain_http) {
  CanonicalAddress address = canonical_address(host);
  address.host = wire_host(address.host);
  return address.endpoint(plain_http);
}

std::string registry_name(const ContainerRegistry& registry) {
  return registry_name(registry.spec.login_server, registry.spec.plain_http);
}

}  // namespace slipway

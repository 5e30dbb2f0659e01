#include "controller/registry/azure_registry.h"

#include <algorithm>
#include <array>
#include <string>

namespace slipway::registry {
namespace {

/// Of the public cloud, of China's and of the US government's.
constexpr std::array<std::string_view, 3> kDomains{".azurecr.io", ".azurecr.cn", ".azurecr.us"};

bool is_azure_host(std::string_view host) {
  host = host.substr(0, host.find(':'));
  return std::ranges::any_of(kDomains, [&](std::string_view domain) { return host.ends_with(domain); });
}

bool is_azure_challenge(const Challenge& challenge, std::string_view host) {
  if (challenge.scheme != "bearer") return false;
  if (is_azure_host(challenge.get("service"))) return true;
  return challenge.get("service") == host &&
         challenge.get("realm").ends_with("//" + std::string(host) + "/oauth2/token");
}

}  // namespace

bool is_azure_registry(std::string_view host, const std::optional<Challenge>& challenge) {
  return is_azure_host(host) || (challenge && is_azure_challenge(*challenge, host));
}

}  // namespace slipway::registry

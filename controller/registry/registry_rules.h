#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/request_rates.h"
#include "controller/runtime/guarded.h"
#include "crds/v1alpha1/container_registry.h"

namespace slipway::registry {

/// What the ContainerRegistries say about the network: how fast their hosts may be asked, and which hosts an answer of
/// theirs may send us to (design, section 2). Thread-safe.
class RegistryRules {
 public:
  /// `rates` outlives it and is kept at what the registries say; of two registries of one host the slower counts.
  RegistryRules(bool in_cluster, http::RequestRates& rates) : in_cluster_(in_cluster), rates_(rates) {}

  /// All there are, before anything is sent to one of them: what another said before holds no more.
  void learn(const std::vector<ContainerRegistry>& registries);

  /// Whether an answer of `from` (a redirect, a token realm) may send us to `to`: loopback and link-local only where a
  /// registry on `from` names that host. Refused with a remedy.
  Result<void> may_call(std::string_view from, std::string_view to) const;

  /// Whether `host`, as requests name it, is the loginServer of a registry, and not of sources alone.
  bool is_registry(std::string_view host) const;

  /// Whether a connection to `host` may go to the address that its name was resolved to: a stranger's name may not
  /// lead to this machine or its neighbours. Both as written, `host` with port where one is.
  Result<void> may_connect(std::string_view host, std::string_view address) const;

 private:
  struct Known {
    std::string host;  ///< As requests name it.
    std::string endpoint;
    std::vector<std::string> named;
    std::optional<std::int64_t> per_second;
    bool operator==(const Known&) const = default;
  };
  using Registries = std::map<std::string, Known>;  // By the registry's name.
  /// By registry_name(), where one is limited.
  static std::map<std::string, std::int64_t> slowest_of(const Registries& registries);

  const bool in_cluster_;
  http::RequestRates& rates_;
  runtime::Guarded<Registries> known_;
};

}  // namespace slipway::registry

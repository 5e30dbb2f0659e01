#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/host.h"
#include "crds/base/result.h"
#include "crds/v1alpha1/container_registry.h"

namespace slipway {

/// Who may be called at a tenant's or a stranger's word.
struct AddressRules {
  bool in_cluster = true;          ///< Outside a cluster loopback is free.
  std::vector<std::string> named;  ///< Hosts that the registry's owner named (see named_hosts).
};

/// The hosts that `registry` names itself: loginServer and the literal hosts of `sources` ("127.0.0.1:5000/**"; a
/// pattern with a wildcard in the host names none).
std::vector<std::string> named_hosts(const ContainerRegistry& registry);

/// Whether `host` is one of `named`, whatever the spelling of host and port: who names a host's registry does not name
/// the other services there.
bool names(const std::vector<std::string>& named, std::string_view host);

/// Design, section 2: addresses given by tenants (source, report, notification) and remote answers (redirect, token
/// realm). Refused for loopback and link-local unless named (see names); for instance metadata always.
Result<void> check_address(std::string_view host, const AddressRules& rules);

}  // namespace slipway

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.h"
#include "crds/v1alpha1/container_registry.h"

namespace slipway {

enum class AddressKind {
  Other,      ///< A name, or an address that anybody may call.
  Loopback,   ///< 127.0.0.0/8, ::1, unspecified (0.0.0.0/8, ::), "localhost" and names under it.
  LinkLocal,  ///< 169.254.0.0/16, fe80::/10.
  Metadata,   ///< Instance metadata and wire server: 169.254.169.254, 168.63.129.16, fd00:ec2::254 and their names.
};

/// What `host` is: a name or an address with or without port, IPv6 in brackets or bare, with or without zone. Sees
/// through every spelling that resolvers take: "2130706433", "0x7f.1", "0177.0.0.1", "::ffff:127.0.0.1", NAT64, 6to4.
/// Names are not resolved: whoever connects asks again with the address that it got.
AddressKind classify_address(std::string_view host);

/// Who may be called at a tenant's or a stranger's word.
struct AddressRules {
  bool in_cluster = true;          ///< Outside a cluster loopback is free.
  std::vector<std::string> named;  ///< Hosts that the registry's owner named (see named_hosts).
};

/// The hosts that `registry` names itself: loginServer and the literal hosts of `sources` ("127.0.0.1:5000/**"; a
/// pattern with a wildcard in the host names none).
std::vector<std::string> named_hosts(const ContainerRegistry& registry);

/// Design, section 2: addresses given by tenants (source, report, notification) and remote answers (redirect, token
/// realm). Refused for loopback and link-local unless named (host and port as written); for instance metadata always.
Result<void> check_address(std::string_view host, const AddressRules& rules);

}  // namespace slipway

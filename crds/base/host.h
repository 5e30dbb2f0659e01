#pragma once

#include <optional>
#include <string>
#include <string_view>

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

/// One spelling for all of one host: of an address its number, whatever spelling resolvers take; of a name its lower
/// case without a dot at the end. `host` is as in classify_address(), the port is left out. For comparing, not for
/// calling.
std::string canonical_host(std::string_view host);

/// Where nothing else is written: of https, or of http.
constexpr int default_port(bool plain_http) {
  return plain_http ? 80 : 443;
}

struct CanonicalAddress {
  std::string host;         ///< As canonical_host() has it.
  std::optional<int> port;  ///< Absent where none is written.
  /// One name for who listens there: "r.io:443".
  std::string endpoint(bool plain_http) const;
  bool operator==(const CanonicalAddress&) const = default;
};

/// `text`, whatever its spelling, with the port as a number. For comparing, not for calling.
CanonicalAddress canonical_address(std::string_view text);

/// Whether `text` is an IPv6 address, without brackets and zone.
bool is_ipv6_address(std::string_view text);

/// Whether what is sent to `host` (with or without port) stays on this machine, so that it may go unencrypted: the
/// plain spellings of 127.0.0.0/8 and ::1, "localhost" and names under it (RFC 6761). What only some resolvers or
/// routes take to this machine ("0x7f.1", NAT64, 0.0.0.0, other names) does not count.
bool is_loopback_host(std::string_view host);

}  // namespace slipway

#include "crds/base/host.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "crds/base/text.h"

namespace slipway {

namespace {

using Ipv6 = std::array<std::uint16_t, 8>;

constexpr std::uint32_t kInstanceMetadata = 0xA9FEA9FE;  // 169.254.169.254
constexpr std::uint32_t kWireServer = 0xA83F8110;        // 168.63.129.16

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return 16;
}

/// A number as inet_aton takes it: decimal, 0x hexadecimal, 0 octal.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  if (text.empty()) return base == 16 ? std::optional<std::uint64_t>(0) : std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (digit_value(c) >= base) return std::nullopt;
    value = value * static_cast<std::uint64_t>(base) + static_cast<std::uint64_t>(digit_value(c));
    if (value > 0xFFFFFFFF) return std::nullopt;
  }
  return value;
}

/// One to four numbers; the last fills what is left of the 32 bits (inet_aton).
std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  std::uint64_t value = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = text.find('.');
    const auto number = parse_number(text.substr(0, dot));
    if (!number) return std::nullopt;
    const bool last = dot == std::string_view::npos;
    const int bits = last ? 32 - 8 * part : 8;
    if (*number >> bits != 0) return std::nullopt;
    value = value << bits | *number;
    if (last) return static_cast<std::uint32_t>(value);
    text.remove_prefix(dot + 1);
  }
  return std::nullopt;
}

std::optional<std::uint16_t> parse_group(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  std::uint16_t value = 0;
  for (const char c : text) {
    if (digit_value(c) > 15) return std::nullopt;
    value = static_cast<std::uint16_t>(value << 4 | digit_value(c));
  }
  return value;
}

/// The groups on one side of "::"; an IPv4 address may stand for the last two.
std::optional<std::vector<std::uint16_t>> parse_groups(std::string_view text) {
  std::vector<std::uint16_t> out;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view word = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    if (last && word.find('.') != std::string_view::npos) {
      const auto address = parse_ipv4(word);
      if (!address) return std::nullopt;
      out.push_back(static_cast<std::uint16_t>(*address >> 16));
      out.push_back(static_cast<std::uint16_t>(*address & 0xFFFF));
      return out;
    }
    const auto group = parse_group(word);
    if (!group) return std::nullopt;
    out.push_back(*group);
    if (last) return out;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;
  }
  return out;
}

std::optional<Ipv6> parse_ipv6(std::string_view text) {
  text = text.substr(0, text.find('%'));
  const std::size_t gap = text.find("::");
  const auto head = parse_groups(text.substr(0, gap));
  const auto tail = gap == std::string_view::npos ? std::vector<std::uint16_t>() : parse_groups(text.substr(gap + 2));
  if (!head || !tail) return std::nullopt;
  const std::size_t count = head->size() + tail->size();
  if (gap == std::string_view::npos ? count != 8 : count > 7) return std::nullopt;
  Ipv6 out{};
  std::copy(head->begin(), head->end(), out.begin());
  std::copy(tail->begin(), tail->end(), out.end() - static_cast<std::ptrdiff_t>(tail->size()));
  return out;
}

AddressKind kind_of(std::uint32_t address) {
  if (address == kInstanceMetadata || address == kWireServer) return AddressKind::Metadata;
  const std::uint32_t first = address >> 24;
  if (first == 127 || first == 0) return AddressKind::Loopback;
  return address >> 16 == 0xA9FE ? AddressKind::LinkLocal : AddressKind::Other;
}

bool zero_before(const Ipv6& address, std::size_t end) {
  return std::all_of(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(end),
                     [](std::uint16_t group) { return group == 0; });
}

bool is_mapped(const Ipv6& address) {
  return zero_before(address, 5) && address[5] == 0xFFFF;
}

/// The IPv4 address inside: mapped, translated and compatible (RFC 4291, 6052), 6to4 (RFC 3056).
std::optional<std::uint32_t> embedded_ipv4(const Ipv6& address) {
  const auto join = [&](std::size_t at) { return static_cast<std::uint32_t>(address[at]) << 16 | address[at + 1]; };
  if (address[0] == 0x2002) return join(1);
  if (address[0] == 0x64 && address[1] == 0xFF9B) return join(6);
  const bool mapped = is_mapped(address);
  const bool translated = zero_before(address, 4) && address[4] == 0xFFFF && address[5] == 0;
  if (mapped || translated || zero_before(address, 6)) return join(6);
  return std::nullopt;
}

AddressKind kind_of(const Ipv6& address) {
  if (address == Ipv6{0xFD00, 0xEC2, 0, 0, 0, 0, 0, 0x254}) return AddressKind::Metadata;
  if ((address[0] & 0xFFC0) == 0xFE80) return AddressKind::LinkLocal;
  const auto inner = embedded_ipv4(address);
  return inner ? kind_of(*inner) : AddressKind::Other;
}

AddressKind kind_of_name(std::string_view name) {
  if (name == "localhost" || name.ends_with(".localhost") || name == "localhost.localdomain" ||
      name == "ip6-localhost" || name == "ip6-loopback")
    return AddressKind::Loopback;
  if (name == "metadata" || name == "metadata.google.internal" || name == "metadata.azure.internal")
    return AddressKind::Metadata;
  return AddressKind::Other;
}

/// The host alone: no brackets, no port, no dot at the end, in lower case.
std::string bare_host(std::string_view host) {
  const std::size_t bracket = host.starts_with('[') ? host.find(']') : std::string_view::npos;
  if (bracket != std::string_view::npos && (host.size() == bracket + 1 || host[bracket + 1] == ':'))
    return lower_case(host.substr(1, bracket - 1));
  const bool one_colon = std::count(host.begin(), host.end(), ':') == 1;
  if (one_colon) host = host.substr(0, host.find(':'));
  while (host.ends_with('.')) host.remove_suffix(1);
  return lower_case(host);
}

/// Four decimal numbers without leading zeros: the one spelling that every reader takes for the same address.
bool is_dotted_quad(std::string_view text) {
  int parts = 0;
  for (bool more = true; more; ++parts) {
    const std::size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    if (part.empty() || part.size() > 3 || !std::all_of(part.begin(), part.end(), is_digit)) return false;
    if (part.size() > 1 && part.front() == '0') return false;
    more = dot != std::string_view::npos;
    text.remove_prefix(more ? dot + 1 : 0);
  }
  return parts == 4;
}

/// As parse_group() takes it.
std::string hexadecimal(std::uint16_t group) {
  std::array<char, 4> digits{};
  const auto [end, fault] = std::to_chars(digits.data(), digits.data() + digits.size(), group, 16);
  return {digits.data(), end};
}

bool is_ipv6_loopback(const Ipv6& address) {
  if (zero_before(address, 7)) return address[7] == 1;
  return is_mapped(address) && address[6] >> 8 == 127;
}

}  // namespace

AddressKind classify_address(std::string_view host) {
  const std::string bare = bare_host(host);
  if (const auto address = parse_ipv4(bare)) return kind_of(*address);
  if (const auto address = parse_ipv6(bare)) return kind_of(*address);
  return kind_of_name(bare);
}

std::string canonical_host(std::string_view host) {
  std::string bare = bare_host(host);
  const auto dotted = [](std::uint32_t address) {
    return std::to_string(address >> 24) + '.' + std::to_string(address >> 16 & 0xFF) + '.' +
           std::to_string(address >> 8 & 0xFF) + '.' + std::to_string(address & 0xFF);
  };
  if (const auto address = parse_ipv4(bare)) return dotted(*address);
  const auto address = parse_ipv6(bare);
  if (!address) return bare;
  if (is_mapped(*address)) return dotted(static_cast<std::uint32_t>((*address)[6]) << 16 | (*address)[7]);
  std::string groups;
  for (const auto group : *address) groups += (groups.empty() ? "" : ":") + hexadecimal(group);
  return '[' + groups + (bare.find('%') == std::string::npos ? "" : bare.substr(bare.find('%'))) + ']';
}

std::string CanonicalAddress::endpoint(bool plain_http) const {
  return host + ':' + std::to_string(port.value_or(default_port(plain_http)));
}

CanonicalAddress canonical_address(std::string_view text) {
  CanonicalAddress out{.host = canonical_host(text), .port = std::nullopt};
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');
  const bool ends_with_port = bracket == std::string_view::npos ? colon == text.find(':') : colon == bracket + 1;
  if (colon == std::string_view::npos || !ends_with_port) return out;
  int port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data() + colon + 1, end, port);
  if (fault == std::errc{} && rest == end) out.port = port;
  return out;
}

bool is_ipv6_address(std::string_view text) {
  return text.find('%') == std::string_view::npos && parse_ipv6(lower_case(text)).has_value();
}

bool is_loopback_host(std::string_view host) {
  const std::string bare = bare_host(host);
  if (const auto address = parse_ipv4(bare)) return is_dotted_quad(bare) && *address >> 24 == 127;
  if (const auto address = parse_ipv6(bare)) return bare.find('%') == std::string::npos && is_ipv6_loopback(*address);
  return bare == "localhost" || bare.ends_with(".localhost");
}

}  // namespace slipway

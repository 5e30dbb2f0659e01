#include "controller/http/proxy.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <string_view>

#include "crds/base/text.h"

namespace slipway::http {
namespace {

bool is_under(std::string_view host, std::string_view domain) {
  if (domain.starts_with(".")) domain.remove_prefix(1);
  if (domain.empty() || !host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

/// The bytes of an IPv4 or IPv6 address in its plain spelling; empty for anything else.
std::string bytes_of_address(const std::string& text) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in_addr)};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in6_addr)};
  return {};
}

/// Whether `host` is an address in `range`, e.g. "10.0.0.0/8", "fd00::/8".
bool is_in_range(const std::string& host, std::string_view range) {
  const std::size_t slash = range.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string first = bytes_of_address(std::string(range.substr(0, slash)));
  const std::string address = bytes_of_address(host);
  std::size_t bits = 0;
  const char* const end = range.data() + range.size();
  const auto [rest, error] = std::from_chars(range.data() + slash + 1, end, bits);
  if (error != std::errc() || rest != end || bits > 8 * first.size() || address.size() != first.size()) return false;
  if (address.empty() || address.compare(0, bits / 8, first, 0, bits / 8) != 0) return false;
  const auto mask = static_cast<unsigned char>(0xFF00U >> (bits % 8));
  return bits % 8 == 0 || ((static_cast<unsigned char>(address[bits / 8] ^ first[bits / 8])) & mask) == 0;
}

bool exempts(std::string_view written, const Url& url) {
  const std::string entry = lower_case(written);
  if (entry == "*") return true;
  const std::string host = url.host();
  const std::string_view domain = std::string_view(entry).substr(entry.starts_with("*.") ? 1 : 0);
  return entry == host + ":" + url.port() || entry == '[' + host + ']' || is_under(host, domain) ||
         is_in_range(host, entry);
}

}  // namespace

std::optional<std::string> proxy_for(const Url& url, const ProxySettings& settings) {
  const std::string& proxy = url.scheme == "https" ? settings.https_proxy : settings.http_proxy;
  if (proxy.empty() || (is_loopback(url) && !settings.for_loopback)) return std::nullopt;
  std::string_view rest = settings.no_proxy;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    if (exempts(trimmed(rest.substr(0, comma), " "), url)) return std::nullopt;
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return proxy;
}

}  // namespace slipway::http

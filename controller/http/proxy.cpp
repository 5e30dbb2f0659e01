#include "controller/http/proxy.h"

#include <string_view>

namespace slipway::http {
namespace {

bool is_under(std::string_view host, std::string_view domain) {
  if (domain.starts_with(".")) domain.remove_prefix(1);
  if (domain.empty() || !host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

bool exempts(std::string_view entry, const Url& url) {
  if (entry == "*") return true;
  return entry == url.host() + ":" + url.port() || is_under(url.host(), entry);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string> proxy_for(const Url& url, const ProxySettings& settings) {
  const std::string& proxy = url.scheme == "https" ? settings.https_proxy : settings.http_proxy;
  if (proxy.empty() || (is_loopback(url) && !settings.for_loopback)) return std::nullopt;
  std::string_view rest = settings.no_proxy;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    if (exempts(trimmed(rest.substr(0, comma)), url)) return std::nullopt;
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return proxy;
}

}  // namespace slipway::http

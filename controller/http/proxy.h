#pragma once

#include <optional>
#include <string>

#include "controller/http/url.h"

namespace slipway::http {

/// What the environment says of proxies; read once, by whoever starts the program.
struct ProxySettings {
  std::string https_proxy;    ///< For https URLs; empty: none.
  std::string http_proxy;     ///< For http URLs.
  std::string no_proxy;       ///< "host,.domain,*.domain,host:port,10.0.0.0/8,*", in any case.
  bool for_loopback = false;  ///< Loopback as well.
};

/// The proxy for `url`, or nothing. Loopback is not proxied unless the settings say so; ".domain" and "domain" both
/// take in what is under it.
std::optional<std::string> proxy_for(const Url& url, const ProxySettings& settings);

}  // namespace slipway::http

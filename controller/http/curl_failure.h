#pragma once

#include <string_view>

#include "controller/http/curl_transport.h"
#include "crds/base/result.h"

namespace slipway::http {

/// What to do about a host that can't be reached.
inline constexpr std::string_view kNetworkRemedy =
    "check that the host is up and reachable from here (DNS, proxy, firewall)";

/// Invalid: the server took TLS's first words for a bad request.
Error speaks_no_tls(const Request& request);

/// Unavailable: why libcurl (CURLcode `code`, and what it says in detail) has no whole answer to `request`, and what to
/// do about it. Invalid where what answers a request without TLS speaks no HTTP. The same failure reads the same each
/// time; the address of a proxy is not shown.
Error curl_failure(int code, std::string_view detail, const Request& request, const CurlOptions& options);

}  // namespace slipway::http

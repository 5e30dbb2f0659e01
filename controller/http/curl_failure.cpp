#include "controller/http/curl_failure.h"

#include <curl/curl.h>

#include <string>
#include <utility>

#include "controller/http/url.h"

namespace slipway::http {
namespace {

/// The address of a proxy may hold a password.
bool shows_proxy(std::string_view text, const ProxySettings& proxy) {
  const auto shows = [text](const std::string& one) {
    return !one.empty() && text.find(one) != std::string_view::npos;
  };
  return shows(proxy.https_proxy) || shows(proxy.http_proxy);
}

/// libcurl says how long it took ("after 21 ms", "after 2001 milliseconds"), another number each time: a failure that
/// stays the same shall read the same.
std::string without_duration(std::string_view text) {
  constexpr std::string_view kAfter = " after ";
  std::string out(text);
  const std::size_t start = out.find(kAfter);
  if (start == std::string::npos) return out;
  const std::size_t unit = out.find_first_not_of("0123456789", start + kAfter.size());
  for (const std::string_view name : {" milliseconds", " ms"})
    if (unit != std::string::npos && out.compare(unit, name.size(), name) == 0)
      return out.erase(start, unit + name.size() - start);
  return out;
}

std::string_view remedy_for(CURLcode code, const TlsSettings& tls) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "correct the proxy that HTTPS_PROXY, http_proxy or ALL_PROXY names";
    case CURLE_SSL_CERTPROBLEM:
      return "give a client certificate and the key that belongs to it, both as PEM";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      if (!tls.trust_remedy.empty()) return tls.trust_remedy;
      return "give the certificate authority of that host (caBundleRef of the ContainerRegistry)";
    case CURLE_SSL_CONNECT_ERROR:
      return "check that the host speaks TLS on that port (plainHTTP is for a registry on localhost)";
    default:
      return kNetworkRemedy;
  }
}

std::string where(const Request& request) {
  return std::string(to_string(request.method)) + " " + redacted(request.url) + ": ";
}

Error wrong_port(std::string message, std::string_view remedy) {
  return {.cls = ErrorClass::Invalid,
          .message = std::move(message),
          .remedy = std::string(remedy),
          .reason = {},
          .retry_after = {}};
}

}  // namespace

Error speaks_no_tls(const Request& request) {
  return wrong_port(
      where(request) + "it speaks plain HTTP on that port, not TLS",
      "name the port on which it speaks TLS; for a registry on localhost without TLS set plainHTTP: true");
}

Error curl_failure(int code, std::string_view detail, const Request& request, const CurlOptions& options) {
  const auto libcurl_code = static_cast<CURLcode>(code);
  // A connection that was cut has no whole first line: libcurl tells that apart.
  if (libcurl_code == CURLE_UNSUPPORTED_PROTOCOL && request.url.starts_with("http://"))
    return wrong_port(where(request) + "what answers is no HTTP",
                      "remove plainHTTP if it speaks TLS on that port, else name the registry's port");
  const bool is_shown = !detail.empty() && code != CURLE_COULDNT_RESOLVE_PROXY && !shows_proxy(detail, options.proxy);
  return {
      .cls = ErrorClass::Unavailable,
      .message = where(request) + (is_shown ? without_duration(detail) : std::string(curl_easy_strerror(libcurl_code))),
      .remedy = std::string(remedy_for(libcurl_code, options.tls)),
      .reason = {},
      .retry_after = {}};
}

}  // namespace slipway::http

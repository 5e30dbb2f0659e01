#pragma once

#include <string_view>

#include "controller/http/curl_transport.h"
#include "crds/base/result.h"

namespace slipway::http {

/// What to do about a host that can't be reached.
inline constexpr std::string_view kNetworkRemedy =
    "check that the host is up and reachable from here (DNS, proxy, firewall)";

/// Unavailable: there is no open file for a connection; `lack` is what runtime::lack_of_files says.
Error no_file_left(int lack, const Request& request);

/// What answers took TLS's first words for a bad request: Refused with reason AnsweredInClear, as a certificate that is
/// not trusted; anybody on the way can say it, once. (Unavailable all the same with a trust_remedy.)
Error speaks_no_tls(const Request& request, const TlsSettings& tls);

/// How libcurl ended without a whole answer.
struct CurlEnd {
  int code = 0;             ///< CURLcode.
  long verify_result = 0;   ///< CURLINFO_SSL_VERIFYRESULT: what OpenSSL has against the certificate (X509_V_ERR_…).
  std::string_view detail;  ///< What libcurl says.
};

/// Why there is no whole answer to `request`, and what to do about it. Unavailable, but Invalid where what answers a
/// request without TLS speaks no HTTP, and where the certificates to trust can't be read; Refused with reason
/// CertificateNotTrusted where the host's is not trusted: a person has to mend that, at one end or the other.
/// (Unavailable all the same with a trust_remedy: who has one follows an authority that is renewed.) The same failure
/// reads the same each time; the address of a proxy is not shown.
Error curl_failure(const CurlEnd& end, const Request& request, const CurlOptions& options);

}  // namespace slipway::http

#include "controller/http/curl_failure.h"

#include <curl/curl.h>
#include <openssl/x509_vfy.h>

#include <cerrno>
#include <string>
#include <utility>

#include "controller/http/lasting_words.h"
#include "controller/http/url.h"
#include "reconcilers/reasons.h"

namespace slipway::http {
namespace {

/// The address of a proxy may hold a password.
bool shows_proxy(std::string_view text, const ProxySettings& proxy) {
  const auto shows = [text](const std::string& one) {
    return !one.empty() && text.find(one) != std::string_view::npos;
  };
  return shows(proxy.https_proxy) || shows(proxy.http_proxy);
}

bool is_about_trust(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
}

/// libcurl compares the names itself, and has no code for that: it says "no alternative certificate subject name
/// matches".
std::string_view remedy_for_certificate(const CurlEnd& end) {
  if (end.detail.find("subject name") != std::string_view::npos)
    return "call the host by a name that its certificate has, or have this name put into the certificate";
  switch (end.verify_result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "have the certificate of that host renewed, or that of its authority, or correct the clock here";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return "give the certificate authority of that host in caBundleRef of the ContainerRegistry that has the host as "
             "loginServer or alias, or in SSL_CERT_FILE; if it is there already, have the host send its intermediate "
             "certificates too";
    default:
      return "have that host use a certificate that is in order";
  }
}

std::string_view remedy_for(const CurlEnd& end, const TlsSettings& tls) {
  const auto code = static_cast<CURLcode>(end.code);
  if (is_about_trust(code) && !tls.trust_remedy.empty()) return tls.trust_remedy;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "correct the proxy that HTTPS_PROXY, http_proxy or ALL_PROXY names";
    case CURLE_SSL_CERTPROBLEM:
      return "give a client certificate and the key that belongs to it, both as PEM";
    case CURLE_PEER_FAILED_VERIFICATION:
      return remedy_for_certificate(end);
    case CURLE_SSL_CACERT_BADFILE:
      return "correct the certificates to trust, which are PEM: caBundleRef of the ContainerRegistry, or the file that "
             "SSL_CERT_FILE names";
    case CURLE_SSL_CONNECT_ERROR:
      return "check that the host speaks TLS on that port (plainHTTP is for a registry on localhost)";
    default:
      return kNetworkRemedy;
  }
}

std::string where(const Request& request) {
  return std::string(to_string(request.method)) + " " + redacted(request.url) + ": ";
}

}  // namespace

Error no_file_left(int lack, const Request& request) {
  const bool is_ours = lack == EMFILE;
  return {.cls = ErrorClass::Unavailable,
          .message = where(request) +
                     (is_ours ? "this process has no file left to open" : "this machine has no file left to open"),
          .remedy =
              is_ours ? "raise the limit of open files that it was started with (LimitNOFILE, ulimit -Hn), or give "
                        "it less at once: fewer --workers, or in a cluster clusterWide instead of many watchNamespaces"
                      : "find out what has so many files open there, or raise fs.file-max",
          .reason = {},
          .retry_after = {}};
}

Error speaks_no_tls(const Request& request, const TlsSettings& tls) {
  Error error{.cls = ErrorClass::Unavailable,
              .message = where(request) + "it speaks plain HTTP on that port, not TLS",
              .remedy = "name the port on which it speaks TLS",
              .reason = {},
              .retry_after = {}};
  if (!tls.trust_remedy.empty()) return error;
  error.cls = ErrorClass::Refused;
  error.reason = reason::kAnsweredInClear;
  error.remedy += "; for a registry on localhost without TLS set plainHTTP: true";
  return error;
}

Error curl_failure(const CurlEnd& end, const Request& request, const CurlOptions& options) {
  const auto code = static_cast<CURLcode>(end.code);
  // A connection that was cut has no whole first line: libcurl tells that apart.
  if (code == CURLE_UNSUPPORTED_PROTOCOL && request.url.starts_with("http://"))
    return {.cls = ErrorClass::Invalid,
            .message = where(request) + "what answers is no HTTP",
            .remedy = "remove plainHTTP if it speaks TLS on that port, else name the registry's port",
            .reason = {},
            .retry_after = {}};
  const bool is_shown =
      !end.detail.empty() && code != CURLE_COULDNT_RESOLVE_PROXY && !shows_proxy(end.detail, options.proxy);
  Error error{
      .cls = ErrorClass::Unavailable,
      .message = where(request) + (is_shown ? lasting_words(std::string(end.detail)) : curl_easy_strerror(code)),
      .remedy = std::string(remedy_for(end, options.tls)),
      .reason = {},
      .retry_after = {}};
  if (!is_about_trust(code) || !options.tls.trust_remedy.empty()) return error;
  if (code != CURLE_PEER_FAILED_VERIFICATION) {
    error.cls = ErrorClass::Invalid;
    return error;
  }
  error.cls = ErrorClass::Refused;
  error.reason = reason::kCertificateNotTrusted;
  return error;
}

}  // namespace slipway::http

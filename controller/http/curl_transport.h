#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "controller/http/proxy.h"
#include "controller/http/transport.h"
#include "controller/secret_text.h"

namespace slipway::http {

/// Whether a connection to `host` (as in the URL, with its port) may go to `address`, which its name was resolved to.
using AddressRule = std::function<Result<void>(std::string_view host, std::string_view address)>;

/// How TLS is spoken where the usual way is not enough.
struct TlsSettings {
  std::string client_certificate;  ///< PEM, its chain behind it; empty: none.
  SecretText client_key;           ///< PEM, not encrypted.
  std::string server_name;         ///< What is asked for and checked instead of the URL's host; empty: the host.
  bool only_ca_bundle = false;     ///< The bundle alone is trusted, not the system's authorities as well.
  /// What to do about a server that is not trusted, which may be another the next time: Unavailable. Empty: Refused, in
  /// the registries' words.
  std::string trust_remedy;
};

/// The system's file of authorities, as libcurl was built for it; empty: none.
std::string system_ca_file();

/// How the connections of one CurlTransport are made.
struct CurlOptions {
  std::string ca_bundle;  ///< PEM, trusted besides the system's folder of certificates.
  std::string ca_file;    ///< Path of a PEM file instead of the system's; empty: the system's.
  ProxySettings proxy;
  TlsSettings tls;
  AddressRule may_connect;                       ///< Null: anywhere. Not asked for a proxy.
  std::string user_agent;                        ///< Sent unless the request names its own.
  std::size_t stream_buffer_bytes = 512u << 10;  ///< For bodies that are streamed, each direction.
  std::size_t max_idle_connections = 32;         ///< Kept for reuse, over all hosts.
};

/// HttpTransport over libcurl: bodies stream in both directions at once, HTTP/1.1, connections kept and
/// reused by any thread, the environment's proxies not looked at. A stop request ends a request at once unless the
/// request's own reader or writer is waiting: those watch the stop token themselves. Invalid for a URL that is
/// none, for a port that speaks HTTP in place of TLS, or not even that, and for a certificate that is not trusted; what
/// may_connect says for an address. Integrity
/// for more than 256 KiB of header fields or one over 100 KiB, Unavailable below a request's least rate.
class CurlTransport final : public HttpTransport {
 public:
  explicit CurlTransport(CurlOptions options = {});
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  Result<Response> send(const Request& request, std::stop_token stop) override;

 private:
  class Pool;
  CurlOptions options_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace slipway::http

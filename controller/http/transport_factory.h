#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "controller/http/curl_transport.h"
#include "controller/http/proxy.h"
#include "controller/http/redirecting_transport.h"
#include "controller/http/request_rates.h"
#include "controller/http/retrying_transport.h"
#include "controller/http/tracing_transport.h"

namespace slipway::http {

/// What the environment says about the network.
struct NetworkEnvironment {
  ProxySettings proxy;
  std::string ca_file;         ///< SSL_CERT_FILE: instead of the system's file of certificates.
  std::string system_ca_file;  ///< The system's; empty: none.
};

/// HTTPS_PROXY, http_proxy (lower case only: a web server could set the other), ALL_PROXY, NO_PROXY, SSL_CERT_FILE; the
/// small spelling wins. `variable` is std::getenv or a test's. Invalid names the variable that holds no proxy.
Result<NetworkEnvironment> network_environment(const std::function<const char*(const char* name)>& variable);

struct TransportSettings {
  NetworkEnvironment environment;
  std::string user_agent = "slipway";
  RetryRules retry;
  RetryHands retry_hands;
  TracingHands tracing;
  TlsSettings tls;
  std::size_t stream_buffer_bytes = 512u << 10;    ///< As CurlOptions has it: each connection in use holds one.
  HostRule may_call;                               ///< Whether a redirect may lead to that host.
  AddressRule may_connect;                         ///< Where names may lead to; null: anywhere.
  RequestRates* rates = nullptr;                   ///< Outlives the transports.
  std::chrono::milliseconds small_total{120'000};  ///< For requests without a stream that name no bound of their own.
};

/// From the caller down: redirects, retries, the host's request rate, tracing, network; so that each attempt and each
/// hop waits for its turn and is told of. Certificates of `ca_pem` are trusted beside the system's, which
/// are read now (or alone: TlsSettings). One transport carries what is small and what is streamed
/// (docs/decisions/0003-one-transport.md).
std::unique_ptr<HttpTransport> make_transport(const std::string& ca_pem, const TransportSettings& settings);

}  // namespace slipway::http

#include "controller/kube/connection.h"

#include <utility>

#include "controller/http/curl_proxy.h"
#include "controller/http/url.h"
#include "controller/kube/credentials.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/waiting.h"

namespace slipway::kube {
namespace {

/// A watch holds a connection, and there are many of them.
constexpr std::size_t kStreamBuffer = 32u << 10;

http::WaitingHands waiting_hands() {
  return {.wait = runtime::wait, .elapsed = runtime::elapsed};
}

/// What a new TLS connection has to be made for: a token needs none.
bool has_same_tls(const Identity& a, const Identity& b) {
  return a.authority == b.authority && a.certificate == b.certificate && a.key == b.key;
}

}  // namespace

struct Connection::State {
  using Transport = std::shared_ptr<http::HttpTransport>;  // Owned by whoever sends over it, and by the next one.
  struct Live {
    Transport transport;
    Identity made_for;
  };

  State(ClusterAccess given, const Clock& clock, const Options& options)
      : access(std::move(given)),
        own_rates(waiting_hands()),
        settings(options.transport),
        credentials(access, clock, run_exec_plugin) {}

  Transport transport_for(const Identity& identity) {
    const auto current = live.lock();
    if (current->transport && has_same_tls(current->made_for, identity)) return current->transport;
    http::TransportSettings tuned = settings;
    tuned.tls = {.client_certificate = identity.certificate,
                 .client_key = identity.key,
                 .server_name = access.tls_server_name,
                 .only_ca_bundle = !identity.authority.empty(),
                 .trust_remedy = access.trust_remedy};
    current->transport = http::make_transport(identity.authority, tuned);
    current->made_for = identity;
    return current->transport;
  }

  const ClusterAccess access;
  http::RequestRates own_rates;
  http::TransportSettings settings;
  Credentials credentials;
  runtime::Guarded<Live> live;
};

Result<std::unique_ptr<Connection>> Connection::open(ClusterAccess access, const Clock& clock, const Options& options) {
  if (auto url = http::Url::parse(access.server); !url) return while_doing(access.origin, url.error());
  if (!access.proxy_url.empty())
    if (auto good = http::check_proxy("proxy-url", access.proxy_url); !good)
      return while_doing(access.origin, good.error());
  auto state = std::make_unique<State>(std::move(access), clock, options);
  http::TransportSettings& settings = state->settings;
  settings.stream_buffer_bytes = kStreamBuffer;
  if (settings.rates == nullptr) settings.rates = &state->own_rates;
  settings.may_call = [origin = state->access.origin](std::string_view, std::string_view to) {
    return Result<void>(fail(ErrorClass::Refused, origin + ": the API server sends us to " + std::string(to),
                             "correct the server's address"));
  };
  if (const std::string& proxy = state->access.proxy_url; !proxy.empty())
    settings.environment.proxy = {.https_proxy = proxy, .http_proxy = proxy, .no_proxy = {}, .for_loopback = true};
  return std::unique_ptr<Connection>(new Connection(std::move(state)));
}

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}

Connection::~Connection() = default;

const ClusterAccess& Connection::access() const {
  return state_->access;
}

Result<http::Response> Connection::send(const http::Request& request, std::stop_token stop) {
  Result<Identity> identity = state_->credentials.current(stop);
  if (!identity) return std::unexpected(std::move(identity.error()));
  http::Request full = request;
  full.url = state_->access.server + request.url;
  for (bool is_second = false;; is_second = true) {
    if (!identity->token.empty()) full.headers.set("Authorization", "Bearer " + identity->token.reveal());
    Result<http::Response> response = state_->transport_for(*identity)->send(full, stop);
    if (!response || response->status != 401 || is_second) return response;
    state_->credentials.refused(*identity);
    Result<Identity> next = state_->credentials.current(stop);
    if (!next || *next == *identity) return response;
    identity = std::move(next);
  }
}

}  // namespace slipway::kube

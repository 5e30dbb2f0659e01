#pragma once

#include <memory>
#include <string>
#include <utility>

#include "controller/http/transport.h"
#include "controller/registry/azure_registry.h"
#include "controller/registry/errand.h"
#include "controller/registry/host_silence.h"
#include "controller/registry/referrers_api.h"
#include "controller/registry/response_error.h"
#include "controller/registry/token_source.h"
#include "controller/runtime/named_turns.h"
#include "reconcilers/registry_name.h"

namespace slipway::registry {

/// One registry signed in to as one identity: shared by all its repositories, so that they share tokens and
/// connections. Thread-safe.
class Connection {
 public:
  Connection(http::HttpTransport& network, const Clock& clock, TokenOptions options);

  /// Sends with the right Authorization and answers one challenge of the registry itself; the 401 of another origin
  /// that a redirect led to is Unavailable. A streamed request body that is not empty is not sent twice: its 401
  /// becomes Unavailable, with a fresh token for the next try. What is `now_or_never` gets no fresh token: Cancelled
  /// where there is no valid one, and its 401 is returned. Any status but 401 is returned as it is, but for what was
  /// sent to sign in: the registry's words don't show that. Unavailable, unsent, while the host, or the token service
  /// where a token is to be fetched, gives no answer and another visit waits for one (HostSilence), unless what it is
  /// for is under way.
  Result<http::Response> send(http::Request request, const Errand& errand, std::stop_token stop);

  /// Whether the host or its token service gives no answer.
  bool is_silent() const { return silence_->is_silent() || tokens_.is_silent(); }

  const std::string& host() const { return host_; }
  std::string name() const { return registry_name(host_, plain_http_); }
  std::string identity() const { return tokens_.identity(); }
  /// For the words of a refusal.
  Asker asker(std::string scope) const { return tokens_.asker(std::move(scope)); }
  /// "https://r.io" and `path`.
  std::string url(const std::string& path) const { return (plain_http_ ? "http://" : "https://") + host_ + path; }

  /// Whether it is Azure Container Registry, as far as its name and the answers until now tell.
  bool is_azure() const { return is_azure_registry(host_, tokens_.challenge()); }
  ReferrersApi& referrers_api() { return referrers_api_; }
  /// For whoever reads, changes and writes a fallback tag of this registry ("team/app:sha256-…").
  runtime::NamedTurns& fallback_turns() { return fallback_turns_; }

 private:
  /// With `header` as Authorization, if it is not empty.
  Result<http::Response> ask(http::Request& request, const std::string& header, const Errand& errand,
                             const std::stop_token& stop);

  http::HttpTransport& network_;
  const std::string host_;
  const bool plain_http_;
  const std::shared_ptr<HostSilence> silence_;
  TokenSource tokens_;
  ReferrersApi referrers_api_;
  runtime::NamedTurns fallback_turns_;
};

}  // namespace slipway::registry

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "controller/http/redirecting_transport.h"
#include "controller/http/transport.h"
#include "controller/registry/challenge.h"
#include "controller/registry/credentials.h"
#include "controller/registry/errand.h"
#include "controller/registry/host_silences.h"
#include "controller/registry/response_error.h"
#include "controller/registry/token_shelf.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/named_turns.h"
#include "reconcilers/ports/clock.h"

namespace slipway::registry {

struct TokenOptions {
  std::string host;  ///< Of the registry, with port.
  bool plain_http = false;
  Credentials credentials;
  http::HostRule may_call;  ///< For a realm on another host.
  /// Where tokens are kept, beside those of others.
  std::shared_ptr<TokenShelf> shelf = std::make_shared<TokenShelf>();
  /// Where it is known which hosts give no answer, shared with others.
  std::shared_ptr<HostSilences> silences = std::make_shared<HostSilences>();
};

/// Authorization headers of one registry for one identity (distribution token specification). Tokens of 16 KiB at most
/// are kept per scope and used until 5 minutes before they end (half their life when that is shorter), as long as the
/// shelf has room for them; of several callers one fetches. Credentials go to an https realm only, or to a loopback
/// realm of a plainHTTP registry. A fetch counts for the silence of the realm's host (HostSilence), whoever's that is:
/// Unavailable, unsent, while that gives no answer and another visit waits for one. Thread-safe.
class TokenSource {
 public:
  TokenSource(http::HttpTransport& transport, const Clock& clock, TokenOptions options);

  /// The header for the errand's scope; empty as long as nothing asked for one.
  Result<std::string> header(const Errand& errand, std::stop_token stop);

  /// As header() from what is at hand, waiting for nobody: Cancelled where it takes a fetch.
  Result<std::string> held_header(const std::string& scope);

  /// After a 401 to a request that carried `used`: learns the challenge and gives the header to repeat it with, always
  /// from a fresh token, because a permission may have been given since. Unauthorized when the registry wants what we
  /// don't have or refuses what we gave; Forbidden when its token service knows us and refuses the scope.
  Result<std::string> after_challenge(const http::Response& response, const Errand& errand, const std::string& used,
                                      std::stop_token stop);

  /// What a 401 means to a request that carried our header, where the registry takes user and password as they are:
  /// they are wrong (Unauthorized). Nothing where it takes tokens: the sign-in itself went well then.
  std::optional<Error> refusal_of_basic(const std::string& scope);

  /// Whether the host that tokens were fetched from last gives no answer.
  bool is_silent() const;

  /// Takes what was sent to sign in, `header` among it, out of the words of a refusal.
  void hide_secrets(http::Response& response, const std::string& header) const;

  /// The registry's latest; absent as long as it asked for no sign-in.
  std::optional<Challenge> challenge() const { return *challenge_.lock(); }
  std::string identity() const { return options_.credentials.identity(); }
  Asker asker(std::string scope) const {
    return {.identity = options_.credentials.who(), .scope = std::move(scope), .advice = options_.credentials.advice};
  }

 private:
  using Token = TokenShelf::Token;

  std::optional<std::string> kept(const std::string& scope);
  Result<std::string> basic(const std::string& scope) const;
  Result<std::string> fetched(const Challenge& challenge, const Errand& errand, const std::string& stale,
                              std::stop_token stop);
  Result<Token> fetch(const http::Request& request, const Errand& errand, HostSilence& service, std::stop_token stop);
  /// Whose host `url` names.
  Result<std::shared_ptr<HostSilence>> service_at(const std::string& url);
  Error refusal_of(const http::Request& request, const http::Response& response, const std::string& scope) const;
  Result<http::Request> token_request(const Challenge& challenge, const std::string& scope) const;

  http::HttpTransport& transport_;
  const Clock& clock_;
  const TokenOptions options_;
  runtime::Guarded<std::optional<Challenge>> challenge_;
  TokenShelf::Part tokens_;
  runtime::NamedTurns fetches_;                             ///< By scope.
  const std::string part_;                                  ///< Of the realm's host, in its silence.
  runtime::Guarded<std::shared_ptr<HostSilence>> service_;  ///< Null until the first fetch.
};

}  // namespace slipway::registry

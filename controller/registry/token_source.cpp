#include "controller/registry/token_source.h"

#include <algorithm>

#include "controller/http/tracing_transport.h"
#include "controller/http/url.h"
#include "crds/base/base64.h"
#include "crds/base/document.h"
#include "crds/base/text.h"
#include "reconcilers/json.h"
#include "reconcilers/registry_name.h"

namespace slipway::registry {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kUnknownLife = 60s;
constexpr std::chrono::seconds kLongestLife = 24h;
constexpr std::size_t kLongestToken = 16u << 10;
constexpr std::size_t kLongestChallenge = 2u << 10;
constexpr std::string_view kFetching = "fetching a token";

std::string pair_of(const Credentials& credentials) {
  return encode_base64(credentials.username + ":" + credentials.password.reveal());
}

std::string basic_header(const Credentials& credentials) {
  return "Basic " + pair_of(credentials);
}

std::optional<Challenge> choose(const http::Response& response) {
  std::optional<Challenge> basic;
  for (const std::string& header : response.headers.all("WWW-Authenticate"))
    for (Challenge& challenge : parse_challenges(header)) {
      if (challenge.scheme == "bearer") return std::move(challenge);
      if (challenge.scheme == "basic") basic = std::move(challenge);
    }
  return basic;
}

/// Nothing else of it is needed.
std::size_t keep_needed(Challenge& challenge) {
  std::size_t bytes = 0;
  std::erase_if(challenge.parameters, [&](const auto& parameter) {
    const bool is_needed = parameter.first == "realm" || parameter.first == "service";
    if (is_needed) bytes += parameter.second.size();
    return !is_needed;
  });
  return bytes;
}

std::string scope_query(const std::string& scope) {
  std::string query;
  std::size_t start = 0;
  while (start < scope.size()) {
    const std::size_t end = std::min(scope.find(' ', start), scope.size());
    query += "&scope=" + http::encode_query_value(scope.substr(start, end - start));
    start = end + 1;
  }
  return query;
}

/// RFC 7519: the `exp` claim. The signature is the registry's business.
std::optional<std::chrono::seconds> life_of_jwt(const std::string& token, Timestamp now) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string::npos ? first : token.find('.', first + 1);
  if (second == std::string::npos) return std::nullopt;
  const auto claims = decode_base64(std::string_view(token).substr(first + 1, second - first - 1));
  if (!claims) return std::nullopt;
  const auto end = json::integer_at(parse_json(*claims, "token").root, "exp");
  const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (!end || *end <= seconds) return std::nullopt;
  return std::chrono::seconds(std::min(*end - seconds, kLongestLife.count()));
}

std::chrono::seconds usable(std::chrono::seconds life) {
  return life > 10min ? life - 5min : life / 2;
}

std::string remedy_for_refused(const TokenOptions& options) {
  const Credentials& credentials = options.credentials;
  if (credentials.anonymous()) return "name credentials for " + options.host + credentials.advice;
  const std::string what = credentials.identity_token.empty() ? "user name and password" : "the identity token";
  return "correct " + what + " for " + options.host + (credentials.origin.empty() ? "" : " in " + credentials.origin);
}

std::unexpected<Error> refused_credentials(const TokenOptions& options, const std::string& scope) {
  return fail(ErrorClass::Unauthorized,
              options.host + " does not take the credentials of " + options.credentials.who() +
                  (scope.empty() ? "" : " for " + quoted(scope)),
              remedy_for_refused(options));
}

}  // namespace

TokenSource::TokenSource(http::HttpTransport& transport, const Clock& clock, TokenOptions options)
    : transport_(transport),
      clock_(clock),
      options_(std::move(options)),
      tokens_(options_.shelf),
      part_("tokens for " + options_.host) {}

Result<std::string> TokenSource::header(const Errand& errand, std::stop_token stop) {
  const std::optional<Challenge> known = *challenge_.lock();
  if (!known) return std::string();
  return fetched(*known, errand, "", stop);
}

Result<std::string> TokenSource::held_header(const std::string& scope) {
  const std::optional<Challenge> known = *challenge_.lock();
  if (!known) return std::string();
  if (known->scheme == "basic") return basic(scope);
  if (std::optional<std::string> header = kept(scope)) return std::move(*header);
  return fail(ErrorClass::Cancelled, options_.host + ": no token is at hand");
}

/// A header from a token that is still good.
std::optional<std::string> TokenSource::kept(const std::string& scope) {
  std::optional<Token> token = tokens_.find(scope);
  if (!token || clock_.now() >= token->good_until) return std::nullopt;
  return std::move(token->header);
}

Result<std::string> TokenSource::basic(const std::string& scope) const {
  if (options_.credentials.password.empty()) return refused_credentials(options_, scope);
  return basic_header(options_.credentials);
}

Result<std::string> TokenSource::after_challenge(const http::Response& response, const Errand& errand,
                                                 const std::string& used, std::stop_token stop) {
  std::optional<Challenge> challenge = choose(response);
  if (!challenge)
    return fail(ErrorClass::Unauthorized, options_.host + " asks for a sign-in that is neither Bearer nor Basic",
                "use a registry account that works with docker login");
  if (const std::size_t bytes = keep_needed(*challenge); bytes > kLongestChallenge)
    return fail(ErrorClass::Unauthorized,
                options_.host + " asks for a sign-in with a realm and service of " + std::to_string(bytes) +
                    " bytes, and at most " + std::to_string(kLongestChallenge) + " are taken",
                "ask the owner of " + options_.host + " for shorter ones");
  if (challenge->scheme == "basic" && !used.empty()) return refused_credentials(options_, errand.scope);
  *challenge_.lock() = challenge;
  return fetched(*challenge, errand, used, stop);
}

std::optional<Error> TokenSource::refusal_of_basic(const std::string& scope) {
  const auto challenge = challenge_.lock();
  if (!*challenge || (*challenge)->scheme != "basic") return std::nullopt;
  return refused_credentials(options_, scope).error();
}

void TokenSource::hide_secrets(http::Response& response, const std::string& header) const {
  if (response.status < 400) return;
  std::vector<std::string> secrets{header.substr(header.find(' ') + 1)};
  const Credentials& credentials = options_.credentials;
  for (const SecretText* const secret : {&credentials.password, &credentials.identity_token}) {
    secrets.push_back(secret->reveal());
    secrets.push_back(http::encode_query_value(secret->reveal()));
  }
  if (!credentials.password.empty()) {
    const std::string pair = pair_of(credentials);
    secrets.push_back(pair.substr(0, pair.find('=')));
  }
  hide_in_words(response, std::move(secrets));
}

Result<std::string> TokenSource::fetched(const Challenge& challenge, const Errand& errand, const std::string& stale,
                                         std::stop_token stop) {
  if (challenge.scheme == "basic") return basic(errand.scope);
  const auto at_hand = [&]() -> std::optional<std::string> {
    std::optional<std::string> header = kept(errand.scope);
    return header == stale ? std::nullopt : std::move(header);
  };
  if (std::optional<std::string> header = at_hand()) return std::move(*header);
  Result<http::Request> request = token_request(challenge, errand.scope);
  if (!request) return std::unexpected(request.error());
  if (!errand.visit.empty()) request->headers.set(http::kRequestId, errand.visit);
  const auto service = service_at(request->url);
  if (!service) return std::unexpected(service.error());
  if (auto admitted = (*service)->admit(errand.asks_as(), part_); !admitted)
    return while_doing(kFetching, std::move(admitted.error()));
  const auto turn = fetches_.take(errand.scope, stop);
  if (!turn) return fail(ErrorClass::Cancelled, options_.host + ": stopped while another fetched a token");
  if (std::optional<std::string> header = at_hand()) return std::move(*header);
  Result<Token> fresh = fetch(*request, errand, **service, stop);
  if (!fresh) return std::unexpected(fresh.error());
  tokens_.keep(errand.scope, *fresh);
  return std::move(fresh->header);
}

Result<std::shared_ptr<HostSilence>> TokenSource::service_at(const std::string& url) {
  const Result<http::Url> at = http::Url::parse(url);
  if (!at) return std::unexpected(at.error());
  const std::string name = registry_name(at->authority, at->scheme == "http");
  auto service = service_.lock();
  if (!*service || (*service)->host() != name) *service = options_.silences->of(name);
  return *service;
}

bool TokenSource::is_silent() const {
  const std::shared_ptr<HostSilence> service = *service_.lock();
  return service && service->is_silent();
}

Result<TokenSource::Token> TokenSource::fetch(const http::Request& request, const Errand& errand, HostSilence& service,
                                              std::stop_token stop) {
  const Timestamp now = clock_.now();
  auto place = service.enter(errand.asks_as(), part_);
  if (!place) return while_doing(kFetching, std::move(place.error()));
  Result<http::Response> response = transport_.send(request, stop);
  place->over(request, response);
  if (!response) return while_doing(kFetching, response.error());
  hide_secrets(*response, "");
  if (response->status != 200) return while_doing(kFetching, refusal_of(request, *response, errand.scope));
  const Document document = parse_json(response->body, "token", {.nodes = 1000});
  std::string token = json::text_at(document.root, "token");
  if (token.empty()) token = json::text_at(document.root, "access_token");
  if (token.empty() || token.find_first_of("\r\n") != std::string::npos)
    return fail(ErrorClass::Unavailable, http::redacted(request.url) + ": an answer without a token",
                "try again later");
  if (token.size() > kLongestToken)
    return fail(ErrorClass::Refused,
                http::redacted(request.url) + ": a token for " + options_.host + " of " + std::to_string(token.size()) +
                    " bytes, and at most " + std::to_string(kLongestToken) + " are taken",
                "ask the owner of " + options_.host + " for shorter tokens");
  std::chrono::seconds life = life_of_jwt(token, now).value_or(kUnknownLife);
  if (const auto told = json::integer_at(document.root, "expires_in"); told && *told > 0)
    life = std::chrono::seconds(std::min(*told, kLongestLife.count()));
  return Token{.header = "Bearer " + token, .good_until = now + usable(life)};
}

/// A token service says with 400 or 401 that it does not know us, with 403 that the scope is not for us.
Error TokenSource::refusal_of(const http::Request& request, const http::Response& response,
                              const std::string& scope) const {
  Error error = error_of(request, response, asker(scope));
  if (response.status == 400 || response.status == 401) {
    error.cls = ErrorClass::Unauthorized;
    error.message += " for " + options_.credentials.who();
    error.remedy = remedy_for_refused(options_);
  } else if (error.cls == ErrorClass::NotFound || error.cls == ErrorClass::Invalid ||
             error.cls == ErrorClass::Refused) {
    error.cls = ErrorClass::Unavailable;
    error.remedy = "ask the owner of " + options_.host + ": its token service does not answer as it should";
  }
  return error;
}

Result<http::Request> TokenSource::token_request(const Challenge& challenge, const std::string& scope) const {
  Result<http::Url> realm = http::Url::parse(challenge.get("realm"));
  if (!realm) return while_doing("token realm of " + options_.host, realm.error());
  if (realm->authority == options_.host) {
    // As it was reached itself: behind a proxy that ends TLS some do not know that.
    if (!options_.plain_http) realm->scheme = "https";
  } else if (Result<void> allowed = options_.may_call(options_.host, realm->authority); !allowed) {
    return while_doing("token realm of " + options_.host, allowed.error());
  }
  const Credentials& credentials = options_.credentials;
  const bool safe = realm->scheme == "https" || (options_.plain_http && http::is_loopback(*realm));
  // Without credentials, too: else its text would choose which services without TLS are asked, and gets their answer.
  if (!safe)
    return fail(ErrorClass::Refused, options_.host + " asks to fetch a token from " + http::redacted(realm->str()),
                "its token realm must be https");
  const std::string query = "service=" + http::encode_query_value(challenge.get("service")) + scope_query(scope);
  http::Request request;
  request.total_timeout = 30s;
  request.max_response_bytes = 256u << 10;
  request.url = realm->str();
  if (!credentials.identity_token.empty()) {
    request.method = http::Method::Post;
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body = "grant_type=refresh_token&client_id=slipway&" + query +
                   "&refresh_token=" + http::encode_query_value(credentials.identity_token.reveal());
    return request;
  }
  request.url += (realm->query.empty() ? "?" : "&") + query;
  if (!credentials.anonymous()) request.headers.set("Authorization", basic_header(credentials));
  return request;
}

}  // namespace slipway::registry

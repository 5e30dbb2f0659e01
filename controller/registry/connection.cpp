#include "controller/registry/connection.h"

#include <algorithm>
#include <utility>

#include "controller/http/tracing_transport.h"
#include "controller/http/url.h"

namespace slipway::registry {
namespace {

/// Whoever a redirect leads to may not say where the registry's credentials go.
bool is_own_answer(const http::Request& request, const http::Response& response) {
  if (response.answered_by.empty()) return true;
  const Result<http::Url> asked = http::Url::parse(request.url);
  const Result<http::Url> answered = http::Url::parse(response.answered_by);
  return asked && answered && http::same_origin(*asked, *answered);
}

/// "repository:a" of "repository:a/b:pull,push repository:base:pull": what of the registry the request is about. Below
/// a repository's first element lies what a registry fetches from one upstream.
std::string part_of(const std::string& scope) {
  const std::string first = scope.substr(0, scope.find(' '));
  return first.substr(0, std::min(first.rfind(':'), first.find('/')));
}

std::unexpected<Error> asked_elsewhere(const std::string& host, const http::Response& response) {
  return fail(ErrorClass::Unavailable,
              host + " redirects to " + http::redacted(response.answered_by) + ", which asks for a sign-in of its own",
              "ask the owner of " + host + ": credentials go to the registry alone");
}

}  // namespace

Connection::Connection(http::HttpTransport& network, const Clock& clock, TokenOptions options)
    : network_(network),
      host_(options.host),
      plain_http_(options.plain_http),
      silence_(options.silences->of(name())),
      tokens_(network, clock, std::move(options)),
      referrers_api_(clock) {}

Result<http::Response> Connection::ask(http::Request& request, const std::string& header, const Errand& errand,
                                       const std::stop_token& stop) {
  if (!header.empty()) request.headers.set("Authorization", header);
  auto place = silence_->enter(errand.asks_as(), part_of(errand.scope));
  if (!place) return std::unexpected(std::move(place.error()));
  Result<http::Response> response = network_.send(request, stop);
  place->over(request, response);
  if (response) tokens_.hide_secrets(*response, header);
  return response;
}

Result<http::Response> Connection::send(http::Request request, const Errand& errand, std::stop_token stop) {
  if (auto admitted = silence_->admit(errand.asks_as(), part_of(errand.scope)); !admitted)
    return std::unexpected(std::move(admitted.error()));
  if (!errand.visit.empty()) request.headers.set(http::kRequestId, errand.visit);
  Result<std::string> header = request.now_or_never ? tokens_.held_header(errand.scope) : tokens_.header(errand, stop);
  if (!header) return while_doing(host_, header.error());
  // A challenge must not be judged as the answer that the caller expects.
  if (const auto judge = request.on_headers)
    request.on_headers = [judge](int status, const http::Headers& headers) -> Result<void> {
      return status == 401 ? Result<void>() : judge(status, headers);
    };
  Result<http::Response> response = ask(request, *header, errand, stop);
  if (!response || response->status != 401 || request.now_or_never) return response;
  if (!is_own_answer(request, *response)) return asked_elsewhere(host_, *response);
  header = tokens_.after_challenge(*response, errand, *header, stop);
  if (!header) return while_doing(host_, header.error());
  if (request.body_reader && request.body_length != 0)
    return fail(ErrorClass::Unavailable, host_ + ": the token ended before the upload", "nothing: it is tried again");
  response = ask(request, *header, errand, stop);
  if (!response || response->status != 401) return response;
  if (!is_own_answer(request, *response)) return asked_elsewhere(host_, *response);
  if (auto refused = tokens_.refusal_of_basic(errand.scope)) return std::unexpected(std::move(*refused));
  return std::unexpected(error_of(request, *response, asker(errand.scope)));
}

}  // namespace slipway::registry

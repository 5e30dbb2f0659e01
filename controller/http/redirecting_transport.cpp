#include "controller/http/redirecting_transport.h"

#include <set>
#include <string>

#include "controller/http/url.h"

namespace slipway::http {
namespace {

constexpr std::size_t kMostHops = 5;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::unexpected<Error> not_followed(const Url& from, std::string_view why) {
  return fail(ErrorClass::Refused, redacted(from.str()) + ": redirect not followed: " + std::string(why),
              "ask the owner of that server why it redirects so");
}

Result<Url> target_of(const Url& from, const std::string& location) {
  Result<Url> target = from.resolve(location);
  if (!target) return not_followed(from, target.error().message);
  if (from.scheme == "https" && target->scheme != "https") return not_followed(from, "it leads from https to http");
  return target;
}

}  // namespace

RedirectingTransport::RedirectingTransport(HttpTransport& next, HostRule may_call)
    : next_(next), may_call_(std::move(may_call)) {}

Result<Response> RedirectingTransport::send(const Request& request, std::stop_token stop) {
  if (request.method != Method::Get && request.method != Method::Head) return next_.send(request, stop);
  Request current = request;
  // A redirect's own headers are not the answer that the caller wants to judge.
  if (request.on_headers)
    current.on_headers = [&request](int status, const Headers& headers) -> Result<void> {
      if (is_redirect(status) && headers.find("Location") != nullptr) return {};
      return request.on_headers(status, headers);
    };
  const Result<Url> asked = Url::parse(request.url);
  if (!asked) return std::unexpected(asked.error());
  std::set<std::string> seen{request.url};
  while (true) {
    Result<Response> response = next_.send(current, stop);
    if (response && seen.size() > 1) response->answered_by = current.url;
    if (!response || !is_redirect(response->status)) return response;
    const std::string* location = response->headers.find("Location");
    if (location == nullptr) return response;
    Result<Url> from = Url::parse(current.url);
    if (!from) return std::unexpected(from.error());
    if (seen.size() > kMostHops) return not_followed(*from, "more than 5 in a row");
    Result<Url> target = target_of(*from, *location);
    if (!target) return std::unexpected(target.error());
    if (!seen.insert(target->str()).second) return not_followed(*from, "it leads in a circle");
    if (target->authority != asked->authority)
      if (Result<void> allowed = may_call_(asked->authority, target->authority); !allowed)
        return not_followed(*from, allowed.error().message);
    if (!same_origin(*from, *target)) current.headers.remove("Authorization");
    current.url = target->str();
  }
}

}  // namespace slipway::http

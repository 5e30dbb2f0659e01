#include "controller/registry/response_error.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "controller/http/lasting_words.h"
#include "controller/http/retrying_transport.h"
#include "controller/http/url.h"
#include "crds/base/document.h"
#include "crds/base/make_node.h"
#include "crds/base/text.h"
#include "reconcilers/json.h"

namespace slipway::registry {
namespace {

struct Meaning {
  ErrorClass cls;
  std::string remedy;
};

bool mentions_quota(const ServerWords& words) {
  return words.message.find("quota") != std::string::npos || words.message.find("storage limit") != std::string::npos;
}

std::string_view verb_of(http::Method method) {
  switch (method) {
    case http::Method::Get:
    case http::Method::Head:
      return "pull from ";
    case http::Method::Delete:
      return "delete from ";
    default:
      return "push to ";
  }
}

/// "push to a/b and pull from base": the first scope is what the request is about, the others are only read.
std::string deed_of(http::Method method, std::string_view scope) {
  std::string deed;
  while (!scope.empty()) {
    const std::string_view one = scope.substr(0, scope.find(' '));
    scope.remove_prefix(std::min(one.size() + 1, scope.size()));
    constexpr std::string_view kRepository = "repository:";
    const bool is_repository = one.starts_with(kRepository);
    const std::string_view name = one.substr(0, one.rfind(':')).substr(is_repository ? kRepository.size() : 0);
    deed += deed.empty() ? verb_of(method) : " and pull from ";
    deed += name;
  }
  return deed.empty() ? "use this registry" : deed;
}

Meaning not_permitted(const http::Request& request, const Asker& asker) {
  const std::string deed = deed_of(request.method, asker.scope);
  if (asker.identity == "anonymous")
    return {ErrorClass::Unauthorized, "name credentials that may " + deed + asker.advice};
  return {ErrorClass::Forbidden, "give " + asker.identity + " the permission to " + deed};
}

Meaning meaning_of(int status, const ServerWords& words) {
  if (status == 507 || (status / 100 == 4 && mentions_quota(words)))
    return {ErrorClass::QuotaExceeded, "free space in the registry or raise its quota"};
  switch (status) {
    case 404:
      return {ErrorClass::NotFound, "check registry, repository and name"};
    case 405:
      return {ErrorClass::Refused, "unlock the repository, tag or manifest, or look whether storage is full"};
    case 409:
      return {ErrorClass::Conflict, "look what else changes this repository"};
    case 413:
      return {ErrorClass::Invalid, "the registry does not take content of this size"};
    case 408:
      return {ErrorClass::Unavailable, "try again later"};
    case 429:
      return {ErrorClass::Throttled, "wait, or lower spec.transfer.maxRequestsPerSecond"};
    default:
      break;
  }
  if (words.code == "DIGEST_INVALID" || words.code == "SIZE_INVALID")
    return {ErrorClass::Integrity, "the content changed on its way; publish again"};
  if (words.code == "MANIFEST_BLOB_UNKNOWN") return {ErrorClass::Unavailable, "try again: content is not there yet"};
  if (status >= 500) return {ErrorClass::Unavailable, "try again later; look at the registry's own health"};
  return {ErrorClass::Invalid, "the registry does not take this request; see its message"};
}

constexpr std::size_t kShortestSecret = 4;

bool replace_all(std::string& text, const std::string& what) {
  constexpr std::string_view kHidden = "***";
  bool found = false;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + kHidden.size())) {
    text.replace(at, what.size(), kHidden);
    found = true;
  }
  return found;
}

}  // namespace

ServerWords server_words(const http::Response& response) {
  const Document document = parse_json(response.body, "answer", {.bytes = 64u << 10, .depth = 16, .nodes = 2000});
  const Node* errors = document.problems.empty() ? document.root.find("errors") : nullptr;
  if (errors == nullptr || errors->items.empty()) return {};
  return {.code = json::text_at(errors->items.front(), "code"),
          .message = json::text_at(errors->items.front(), "message")};
}

void hide_in_words(http::Response& response, std::vector<std::string> secrets) {
  std::erase_if(secrets, [](const auto& one) { return one.size() < kShortestSecret; });
  // One may be part of another.
  std::ranges::sort(secrets, std::ranges::greater{}, &std::string::size);
  ServerWords words = server_words(response);
  bool found = false;
  for (const std::string& secret : secrets) {
    found |= replace_all(words.code, secret);
    found |= replace_all(words.message, secret);
  }
  if (!found) return;
  Node error = map_node();
  add(error, "code", string_node(words.code));
  add(error, "message", string_node(words.message));
  Node answer = map_node();
  add(answer, "errors", list_node({std::move(error)}));
  response.body = to_json_text(answer);
}

Error error_of(const http::Request& request, const http::Response& response, const Asker& asker) {
  const ServerWords words = server_words(response);
  const bool unwanted = response.status == 401 || (response.status == 403 && !mentions_quota(words));
  Meaning meaning = unwanted ? not_permitted(request, asker) : meaning_of(response.status, words);
  // What a server that speaks TLS says without it, in words of its own.
  if (response.status == 400 && words.code.empty() && request.url.starts_with("http://"))
    meaning.remedy = "remove plainHTTP if that registry speaks TLS on this port";
  if (response.status == 403 && unwanted) meaning.remedy += ", or allow this address in the registry's firewall";
  Error error{.cls = meaning.cls, .message = {}, .remedy = meaning.remedy, .reason = {}, .retry_after = {}};
  error.message = std::string(to_string(request.method)) + " " + http::redacted(request.url) + ": " +
                  std::to_string(response.status);
  if (!words.code.empty()) error.message += " " + quoted(words.code);
  if (const std::string said = http::lasting_words(words.message); !said.empty())
    error.message += " " + quoted(said, 200);
  error.retry_after = http::retry_after(response.headers);
  return error;
}

}  // namespace slipway::registry

#include "controller/registry/response_error.h"

#include "controller/http/retrying_transport.h"
#include "controller/http/url.h"
#include "crds/base/document.h"
#include "crds/base/text.h"

namespace slipway::registry {
namespace {

std::string text_of(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found != nullptr && found->kind == Node::Kind::String ? found->text : std::string();
}

struct Meaning {
  ErrorClass cls;
  std::string remedy;
};

bool mentions_quota(const ServerWords& words) {
  return words.message.find("quota") != std::string::npos || words.message.find("storage limit") != std::string::npos;
}

Meaning meaning_of(int status, const ServerWords& words, std::string_view identity) {
  const std::string who(identity);
  if (status == 507 || (status / 100 == 4 && mentions_quota(words)))
    return {ErrorClass::QuotaExceeded, "free space in the registry or raise its quota"};
  switch (status) {
    case 401:
      return {ErrorClass::Unauthorized, "check the credentials: signed in as " + who};
    case 403:
      return {ErrorClass::Forbidden, "give " + who + " the permission, or allow this address in the firewall"};
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

std::string request_id(const http::Headers& headers) {
  for (const std::string_view name : {"X-Ms-Correlation-Request-Id", "X-Request-Id"})
    if (const std::string* id = headers.find(name)) return " (request id " + quoted(*id) + ")";
  return {};
}

}  // namespace

ServerWords server_words(const http::Response& response) {
  const Document document = parse_json(response.body, "answer", {.bytes = 64u << 10, .depth = 16, .nodes = 2000});
  const Node* errors = document.problems.empty() ? document.root.find("errors") : nullptr;
  if (errors == nullptr || errors->items.empty()) return {};
  return {.code = text_of(errors->items.front(), "code"), .message = text_of(errors->items.front(), "message")};
}

Error error_of(const http::Request& request, const http::Response& response, std::string_view identity) {
  const ServerWords words = server_words(response);
  const Meaning meaning = meaning_of(response.status, words, identity);
  Error error{.cls = meaning.cls, .message = {}, .remedy = meaning.remedy, .reason = {}, .retry_after = {}};
  error.message = std::string(to_string(request.method)) + " " + http::redacted(request.url) + ": " +
                  std::to_string(response.status);
  if (!words.code.empty()) error.message += " " + quoted(words.code);
  if (!words.message.empty()) error.message += " " + quoted(words.message, 200);
  error.message += request_id(response.headers);
  error.retry_after = http::retry_after(response.headers);
  return error;
}

}  // namespace slipway::registry

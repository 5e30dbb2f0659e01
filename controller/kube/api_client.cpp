#include "controller/kube/api_client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "controller/http/lasting_words.h"
#include "controller/http/retrying_transport.h"
#include "controller/kube/api_document.h"
#include "controller/kube/version_scan.h"
#include "controller/runtime/collection_reader.h"
#include "controller/runtime/reflected_objects.h"
#include "crds/base/text.h"
#include "reconcilers/json.h"

namespace slipway::kube {
namespace {

constexpr DocumentLimits kLimits{.bytes = 16u << 20, .depth = 128, .nodes = 2'000'000, .shallow = kFieldsOfManagers};
constexpr std::size_t kMostOfAMessage = 400;
constexpr std::size_t kMostCauses = 5;
/// What the API server calls it (CauseType).
constexpr std::string_view kNamespaceTerminating = "NamespaceTerminating";
constexpr std::string_view kTooLarge = "TooLarge";

/// The group behind the plural, as kubectl writes it: "imagepublications.slipway.dev".
std::string name_of(const ApiResource& resource) {
  std::string name(resource.plural);
  if (!resource.group.empty()) name += "." + std::string(resource.group);
  return name;
}

std::string where_of(const Target& target) {
  std::string where = name_of(target.resource);
  if (!target.subresource.empty()) where += "/" + std::string(target.subresource);
  if (!target.name.empty()) where += " " + quoted(target.name);
  if (target.resource.is_namespaced)
    where += target.namespace_name.empty() ? " in all namespaces" : " in namespace " + target.namespace_name;
  return where;
}

std::string doing(const ApiRequest& request) {
  return std::string(to_string(request.verb)) + " " + where_of(request.target);
}

/// A metav1.Status, or what else was sent.
struct Words {
  int status = 0;
  std::string reason;
  std::string message;
  std::vector<std::string> causes;  ///< "spec.tags[0].name: Required value".
  bool is_status = false;
  bool is_of_ending_namespace = false;
  std::optional<std::chrono::seconds> retry_after;
};

Words words_of(const Node& status) {
  Words words{.status = static_cast<int>(json::integer_at(status, "code").value_or(0)),
              .reason = json::text_at(status, "reason"),
              .message = json::text_at(status, "message"),
              .causes = {},
              .is_status = json::text_at(status, "kind") == "Status",
              .is_of_ending_namespace = false,
              .retry_after = {}};
  const Node& details = json::at(status, "details");
  if (const auto seconds = json::integer_at(details, "retryAfterSeconds"); seconds && *seconds > 0)
    words.retry_after = std::min(std::chrono::seconds(*seconds), http::kLongestRetryAfter);
  for (const Node& cause : json::items_at(details, "causes")) {
    const std::string field = json::text_at(cause, "field");
    words.causes.push_back((field.empty() ? "" : field + ": ") + json::text_at(cause, "message"));
    words.is_of_ending_namespace |= json::text_at(cause, "reason") == kNamespaceTerminating;
  }
  return words;
}

Words words_of(const http::Response& response) {
  const Document document = parse_json(response.body, "status", {.bytes = 1u << 20, .depth = 32, .nodes = 10'000});
  Words words = document.problems.empty() ? words_of(document.root) : Words{};
  if (!words.is_status) words.message = response.body.substr(0, kMostOfAMessage);
  words.status = response.status;
  if (const auto asked = http::retry_after(response.headers)) words.retry_after = asked;
  return words;
}

struct Meaning {
  ErrorClass cls;
  std::string remedy;
};

/// Who lists a kind watches it, and reads single objects of it: each alone leads to the next refusal.
std::string verbs_of(Verb verb) {
  if (verb == Verb::List || verb == Verb::Watch) return R"("get", "list", "watch")";
  return "\"" + std::string(to_string(verb)) + "\"";
}

std::string how_to_grant(const ApiRequest& request) {
  const Target& target = request.target;
  const bool is_in_one = target.resource.is_namespaced && !target.namespace_name.empty();
  const std::string role = is_in_one ? ", or a Role in namespace " + target.namespace_name + "," : "";
  return "add to a ClusterRole" + role + " that is bound to who asks: " + rbac_rule_for(request);
}

Meaning not_found(const ApiRequest& request, const Words& words) {
  if (!words.is_status)
    return {ErrorClass::NotFound, "the API server does not know " + name_of(request.target.resource) + "/" +
                                      std::string(request.target.resource.version) + ": install its definition (CRD)"};
  return {ErrorClass::NotFound, "create it, or correct the name"};
}

/// Whoever asks, this is not taken. The code is the policy's to choose: the 403 of a right that is missing, the 422 of
/// a field that is wrong (a ValidatingAdmissionPolicy that gives no reason), a webhook's 400.
bool is_denied_by_policy(const Words& words) {
  if (words.status != 400 && words.status != 403 && words.status != 422) return false;
  return words.message.contains("admission webhook \"") || words.message.contains("ValidatingAdmissionPolicy '");
}

/// How etcd and the API server's client of it say so, under 500: the object stays too large, whenever it is tried.
bool is_too_large(const Words& words) {
  if (words.status != 500) return false;
  return words.message.contains("message larger than max") || words.message.contains("request is too large");
}

/// How server-side apply says, under 500, that the definition lacks what this build writes: it was made for an older
/// one. That a newer one is installed can be any time, so it is tried again as after an outage.
bool is_of_older_definition(const Words& words) {
  return words.status == 500 && words.message.contains("field not declared in schema");
}

/// A webhook that can't be asked, and whose policy is to let nothing through then.
bool is_without_webhook(const Words& words) {
  return words.status >= 500 && words.message.contains("failed calling webhook");
}

Meaning meaning_of(const ApiRequest& request, const Words& words) {
  if (is_denied_by_policy(words) && !words.is_of_ending_namespace)
    return {ErrorClass::Refused, "change the policy that is named, or the object"};
  switch (words.status) {
    case 401:
      return {ErrorClass::Unauthorized,
              "the API server does not take our credentials: renew token or certificate, or sign in again"};
    case 403:
      if (words.is_of_ending_namespace)
        return {ErrorClass::Refused, "nothing to do: the namespace is being deleted, and takes nothing new"};
      return {ErrorClass::Forbidden, how_to_grant(request)};
    case 404:
      return not_found(request, words);
    case 409:
      return {ErrorClass::Conflict, "read it again: somebody else was first"};
    case 410:
      return {ErrorClass::Unavailable, "list again"};
    case 400:
    case 413:
    case 415:
    case 422:
      return {ErrorClass::Invalid, "correct the fields that the API server names"};
    case 429:
      return {ErrorClass::Throttled, "wait; look at the API server's priority and fairness settings"};
    default:
      break;
  }
  if (is_too_large(words))
    return {ErrorClass::Invalid, "make the object smaller (labels, annotations, texts): the API server can't keep it"};
  if (is_of_older_definition(words))
    return {ErrorClass::Unavailable,
            "the CRDs are older than the controller: upgrade them to those of its version; it goes on by itself then"};
  if (is_without_webhook(words))
    return {ErrorClass::Unavailable,
            "look at the service of the webhook that is named, or leave this kind out of its rules for the controller"};
  if (words.status >= 500 || words.status == 408)
    return {ErrorClass::Unavailable, "try again later; look at the API server's own health"};
  return {ErrorClass::Invalid, "the API server does not take this request; see its message"};
}

Error error_from(const ApiRequest& request, const Words& words) {
  const Meaning meaning = meaning_of(request, words);
  Error error{.cls = meaning.cls, .message = {}, .remedy = meaning.remedy, .reason = {}, .retry_after = {}};
  error.message = doing(request) + ": " + std::to_string(words.status);
  if (!words.message.empty()) error.message += " " + quoted(http::lasting_words(words.message), kMostOfAMessage);
  std::size_t shown = 0;
  for (const std::string& cause : words.causes)
    if (shown++ < kMostCauses) error.message += "; " + visible(cause, kMostOfAMessage);
  if (words.status == 410) error.reason = runtime::kExpired;
  if (words.is_of_ending_namespace) error.reason = kNamespaceTerminating;
  if (is_too_large(words)) error.reason = kTooLarge;
  error.retry_after = words.retry_after;
  return error;
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

Result<Node> object_in(const ApiRequest& request, const http::Response& response) {
  if (!is_success(response.status)) return std::unexpected(error_of(request, response));
  Document document = parse_api_json(response.body, "answer", kLimits);
  if (document.problems.empty()) return std::move(document.root);
  return fail(ErrorClass::Integrity, doing(request) + ": " + document.problems.front().message,
              "check what answers at the API server's address");
}

}  // namespace

Error error_of(const ApiRequest& request, const http::Response& response) {
  return error_from(request, words_of(response));
}

Error error_of_status(const ApiRequest& request, const Node& status) {
  return error_from(request, words_of(status));
}

bool is_expired(const Error& error) {
  return error.reason == runtime::kExpired;
}

bool is_too_large(const Error& error) {
  return error.reason == kTooLarge;
}

bool is_of_ending_namespace(const Error& error) {
  return error.reason == kNamespaceTerminating;
}

std::string rbac_rule_for(const ApiRequest& request) {
  const Target& target = request.target;
  std::string resource(target.resource.plural);
  if (!target.subresource.empty()) resource += "/" + std::string(target.subresource);
  return "- {apiGroups: [\"" + std::string(target.resource.group) + "\"], resources: [\"" + resource + "\"], verbs: [" +
         verbs_of(request.verb) + "]}";
}

Result<Node> ApiClient::send(const ApiRequest& request, const std::stop_token& stop) {
  const Result<http::Response> response = transport_.send(to_http(request), stop);
  if (!response) return while_doing(doing(request), response.error());
  return object_in(request, *response);
}

Result<std::optional<Node>> ApiClient::find(const ApiRequest& request, const std::stop_token& stop) {
  const Result<http::Response> response = transport_.send(to_http(request), stop);
  if (!response) return while_doing(doing(request), response.error());
  if (response->status == 404 && words_of(*response).is_status) return std::nullopt;
  return object_in(request, *response);
}

Result<std::optional<std::string>> ApiClient::find_version(const ApiRequest& request, const std::stop_token& stop) {
  const Result<http::Response> response = transport_.send(to_http(request), stop);
  if (!response) return while_doing(doing(request), response.error());
  if (response->status == 404 && words_of(*response).is_status) return std::nullopt;
  if (is_success(response->status))
    if (const auto found = version_of_object(response->body)) return std::string(found->resource_version);
  const Result<Node> object = object_in(request, *response);
  if (!object) return std::unexpected(object.error());
  Result<ObjectMeta> metadata = runtime::metadata_in(*object);
  if (!metadata) return std::unexpected(std::move(metadata.error()));
  return std::move(metadata->resource_version);
}

Result<void> ApiClient::stream(const ApiRequest& request, const StreamTaker& taker, const std::stop_token& stop) {
  http::Request made = to_http(request);
  made.body_writer = taker.writer;
  made.on_headers = [&taker](int status, const http::Headers&) -> Result<void> {
    if (is_success(status) && taker.began) taker.began();
    return {};
  };
  const Result<http::Response> response = transport_.send(made, stop);
  if (!response) return while_doing(doing(request), response.error());
  if (!is_success(response->status)) return std::unexpected(error_of(request, *response));
  return {};
}

Result<std::vector<Node>> ApiClient::list_all(const Target& collection, ListQuery query, const std::stop_token& stop) {
  std::vector<Node> all;
  do {
    Result<Node> page = send(list(collection, query), stop);
    if (!page) return std::unexpected(std::move(page.error()));
    for (Node::Member& member : page->members)
      if (member.key == "items") std::ranges::move(member.value.items, std::back_inserter(all));
    query.continue_token = json::text_at(json::at(*page, "metadata"), "continue");
  } while (!query.continue_token.empty());
  return all;
}

}  // namespace slipway::kube

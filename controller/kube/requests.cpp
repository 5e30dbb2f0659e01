#include "controller/kube/requests.h"

#include <utility>

#include "controller/http/url.h"
#include "reconcilers/json.h"

namespace slipway::kube {
namespace {

constexpr std::string_view kMetadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
constexpr std::string_view kMetadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
constexpr std::chrono::milliseconds kListTimeout{120'000};
/// A watch ends on the server's side; when it does not, on ours.
constexpr std::chrono::seconds kWatchGrace{30};
/// API servers send a bookmark each minute where there is something newer, and nothing where a kind never changes: what
/// is silent for longer may be cut off or well, which the next watch tells.
constexpr std::chrono::milliseconds kWatchSilence{100'000};
constexpr std::size_t kLargestObject = 16u << 20;

ApiRequest request(Verb verb, Target target) {
  ApiRequest made;
  made.verb = verb;
  made.target = std::move(target);
  return made;
}

ApiRequest with_body(ApiRequest made, const Node& body, std::string_view content_type) {
  made.body = to_json_text(body);
  made.content_type = content_type;
  return made;
}

/// DELETE, with what the object has to be.
ApiRequest remove_if(Target target, const std::string& field, const std::string& value) {
  const Node options = json::MapBuilder()
                           .add("apiVersion", json::text("v1"))
                           .add("kind", json::text("DeleteOptions"))
                           .add("preconditions", json::MapBuilder().add(field, json::text(value)).build())
                           .build();
  return with_body(request(Verb::Delete, std::move(target)), options, "application/json");
}

void add_query(ApiRequest& made, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  if (!made.query.empty()) made.query += '&';
  made.query += name;
  made.query += '=';
  made.query += http::encode_query_value(value);
}

http::Method method_of(Verb verb) {
  switch (verb) {
    case Verb::Get:
    case Verb::List:
    case Verb::Watch:
      return http::Method::Get;
    case Verb::Create:
      return http::Method::Post;
    case Verb::Update:
      return http::Method::Put;
    case Verb::Patch:
      return http::Method::Patch;
    case Verb::Delete:
      return http::Method::Delete;
  }
  return http::Method::Get;
}

constexpr ApiResource kContainerRegistries{"slipway.dev", "v1alpha1", "containerregistries", false};
constexpr ApiResource kImagePublications{"slipway.dev", "v1alpha1", "imagepublications"};
constexpr ApiResource kRetentionPolicies{"slipway.dev", "v1alpha1", "retentionpolicies"};

}  // namespace

const ApiResource& resource_of(ResourceKind kind) {
  switch (kind) {
    case ResourceKind::ContainerRegistry:
      return kContainerRegistries;
    case ResourceKind::ImagePublication:
      return kImagePublications;
    case ResourceKind::RetentionPolicy:
      return kRetentionPolicies;
  }
  return kImagePublications;
}

std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::Get:
      return "get";
    case Verb::List:
      return "list";
    case Verb::Watch:
      return "watch";
    case Verb::Create:
      return "create";
    case Verb::Update:
      return "update";
    case Verb::Patch:
      return "patch";
    case Verb::Delete:
      return "delete";
  }
  return "get";
}

std::string path_of(const ApiRequest& request) {
  const Target& target = request.target;
  std::string path = target.resource.group.empty() ? "/api/" : "/apis/" + std::string(target.resource.group) + "/";
  path += target.resource.version;
  if (target.resource.is_namespaced && !target.namespace_name.empty())
    path += "/namespaces/" + http::encode_query_value(target.namespace_name);
  path += "/";
  path += target.resource.plural;
  if (!target.name.empty()) path += "/" + http::encode_query_value(target.name);
  if (!target.subresource.empty()) path += "/" + std::string(target.subresource);
  if (!request.query.empty()) path += "?" + request.query;
  return path;
}

http::Request to_http(const ApiRequest& request) {
  http::Request made;
  made.method = method_of(request.verb);
  made.url = path_of(request);
  made.headers.set("Accept", request.accept);
  if (!request.content_type.empty()) made.headers.set("Content-Type", request.content_type);
  made.body = request.body;
  made.total_timeout = request.timeout;
  made.only_once = request.only_once;
  made.max_response_bytes = kLargestObject;
  if (request.verb != Verb::Watch) return made;
  made.idle_timeout = kWatchSilence;
  made.may_fall_silent = true;
  made.least_rate.bytes = 0;
  return made;
}

ApiRequest get(Target target) {
  return request(Verb::Get, std::move(target));
}

ApiRequest get_metadata(Target target) {
  ApiRequest made = get(std::move(target));
  made.accept = kMetadata;
  return made;
}

ApiRequest create(Target collection, const Node& object) {
  ApiRequest made = with_body(request(Verb::Create, std::move(collection)), object, "application/json");
  add_query(made, "fieldManager", std::string(kFieldManager));
  return made;
}

ApiRequest update(Target target, const Node& object) {
  ApiRequest made = with_body(request(Verb::Update, std::move(target)), object, "application/json");
  add_query(made, "fieldManager", std::string(kFieldManager));
  return made;
}

ApiRequest apply(Target target, const Node& object, std::string_view field_manager) {
  // JSON is YAML, and every API server knows this media type.
  ApiRequest made = with_body(request(Verb::Patch, std::move(target)), object, "application/apply-patch+yaml");
  add_query(made, "fieldManager", std::string(field_manager));
  add_query(made, "force", "true");
  // Warnings about fields that it does not know cost the server a second reading, and nobody looks at them.
  add_query(made, "fieldValidation", "Ignore");
  return made;
}

ApiRequest merge_patch(Target target, const Node& patch) {
  ApiRequest made = with_body(request(Verb::Patch, std::move(target)), patch, "application/merge-patch+json");
  add_query(made, "fieldManager", std::string(kFieldManager));
  return made;
}

ApiRequest remove(Target target, const std::string& uid) {
  if (uid.empty()) return request(Verb::Delete, std::move(target));
  return remove_if(std::move(target), "uid", uid);
}

ApiRequest remove_version(Target target, const std::string& resource_version) {
  return remove_if(std::move(target), "resourceVersion", resource_version);
}

ApiRequest list(Target collection, const ListQuery& query) {
  ApiRequest made = request(Verb::List, std::move(collection));
  made.timeout = kListTimeout;
  if (query.metadata_only) made.accept = kMetadataList;
  add_query(made, "labelSelector", query.label_selector);
  add_query(made, "fieldSelector", query.field_selector);
  if (query.limit > 0) add_query(made, "limit", std::to_string(query.limit));
  add_query(made, "continue", query.continue_token);
  return made;
}

ApiRequest watch(Target collection, const WatchQuery& query) {
  ApiRequest made = request(Verb::Watch, std::move(collection));
  made.timeout = query.server_timeout + kWatchGrace;
  if (query.metadata_only) made.accept = kMetadata;
  add_query(made, "labelSelector", query.label_selector);
  add_query(made, "fieldSelector", query.field_selector);
  add_query(made, "watch", "true");
  add_query(made, "allowWatchBookmarks", "true");
  add_query(made, "resourceVersion", query.resource_version);
  add_query(made, "timeoutSeconds", std::to_string(query.server_timeout.count()));
  return made;
}

}  // namespace slipway::kube

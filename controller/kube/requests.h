#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "controller/http/message.h"
#include "crds/base/document.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway::kube {

/// The largest part of many an object, of which its first two levels tell who edited what: the rest is not kept.
inline constexpr std::string_view kFieldsOfManagers = "fieldsV1";

/// A kind as the API server's addresses name it.
struct ApiResource {
  std::string_view group;    ///< Empty: core.
  std::string_view version;  ///< "v1alpha1".
  std::string_view plural;   ///< "imagepublications".
  bool is_namespaced = true;
  bool operator==(const ApiResource&) const = default;
};

inline constexpr ApiResource kNamespaces{"", "v1", "namespaces", false};
inline constexpr ApiResource kSecrets{"", "v1", "secrets"};
inline constexpr ApiResource kConfigMaps{"", "v1", "configmaps"};
inline constexpr ApiResource kEvents{"events.k8s.io", "v1", "events"};
inline constexpr ApiResource kLeases{"coordination.k8s.io", "v1", "leases"};
inline constexpr ApiResource kClusterRoleBindings{"rbac.authorization.k8s.io", "v1", "clusterrolebindings", false};
/// Of our own kinds.
const ApiResource& resource_of(ResourceKind kind);

/// What a request is about; `name` is empty for a collection, `namespace_name` for all namespaces or none.
struct Target {
  ApiResource resource;
  std::string namespace_name;
  std::string name;
  std::string_view subresource;  ///< "status".
};

/// As RBAC names what is asked.
enum class Verb { Get, List, Watch, Create, Update, Patch, Delete };
std::string_view to_string(Verb verb);

/// A request to an API server as a value: to its path the connection puts address and credentials.
struct ApiRequest {
  Verb verb = Verb::Get;
  Target target;
  std::string query;  ///< Encoded; without '?'.
  std::string body;   ///< JSON.
  std::string accept = "application/json";
  std::string content_type;
  std::chrono::milliseconds timeout{30'000};  ///< Of one try.
  bool only_once = false;                     ///< Not tried again below (a lease's renewal counts its own time).
};

/// "/apis/slipway.dev/v1alpha1/namespaces/shop/imagepublications/app/status?fieldManager=slipway".
std::string path_of(const ApiRequest& request);
http::Request to_http(const ApiRequest& request);

/// Who writes, for managedFields.
inline constexpr std::string_view kFieldManager = "slipway";

ApiRequest get(Target target);
/// The metadata alone (PartialObjectMetadata): the rest never travels.
ApiRequest get_metadata(Target target);
ApiRequest create(Target collection, const Node& object);
/// PUT: Conflict unless the object's metadata.resourceVersion is the present one.
ApiRequest update(Target target, const Node& object);
/// Server-side apply with force of apiVersion, kind, metadata.name (and namespace) and what we own; what it leaves out
/// and we owned goes. With metadata.resourceVersion: Conflict unless it is the present one (in a subresource a
/// metadata.uid is not looked at). An object that is not there is created, but for a subresource: absent there. Fields
/// that the server does not know are dropped. The answer is the whole object: its metadata alone would travel shorter,
/// and costs the server several times as much to write.
ApiRequest apply(Target target, const Node& object, std::string_view field_manager = kFieldManager);
/// JSON merge patch (RFC 7396).
ApiRequest merge_patch(Target target, const Node& patch);
/// `uid`: Conflict when another object has the name; empty: whichever has it.
ApiRequest remove(Target target, const std::string& uid = {});
/// Conflict unless that is the object's present resourceVersion.
ApiRequest remove_version(Target target, const std::string& resource_version);

struct ListQuery {
  std::string label_selector;
  std::string field_selector;
  std::string continue_token;
  std::size_t limit = 500;  ///< 0: all at once.
  bool metadata_only = false;
};
ApiRequest list(Target collection, const ListQuery& query);

struct WatchQuery {
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;
  std::chrono::seconds server_timeout{300};  ///< When the server is to end it.
  bool metadata_only = false;
};
/// With bookmarks.
ApiRequest watch(Target collection, const WatchQuery& query);

}  // namespace slipway::kube

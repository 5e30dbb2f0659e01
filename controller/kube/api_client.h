#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/http/transport.h"
#include "controller/kube/requests.h"
#include "crds/base/document.h"
#include "crds/base/result.h"

namespace slipway::kube {

/// Who takes an answer that is streamed.
struct StreamTaker {
  http::BodyWriter writer;
  std::function<void()> began;  ///< Called when the server has taken the request; may be null.
};

/// Sends requests to an API server and says what its answers mean:
///
///   401            Unauthorized   what to do about the credentials
///   403            Forbidden      verb, resource and namespace, and the RBAC rule that grants it
///   403            Refused        is_of_ending_namespace(), or a policy says no
///   500            Unavailable    a webhook that has to be asked does not answer
///   404            NotFound       absent in find(); of the kind itself: that its definition is not installed
///   409            Conflict       somebody else was first (AlreadyExists as well)
///   410, Expired   Unavailable    is_expired(): the version or page is too old, list again
///   422, 400       Invalid        the fields that the API server named
///   429            Throttled      with Retry-After
///   5xx, nothing   Unavailable    with Retry-After where there is one; also that its definition (CRD) is too old
///
/// What the same request can cure within seconds is repeated below (http/retrying_transport). Thread-safe.
class ApiClient {
 public:
  /// `transport` takes paths, as Connection does, and outlives the client.
  explicit ApiClient(http::HttpTransport& transport) : transport_(transport) {}

  /// The answer's object.
  Result<Node> send(const ApiRequest& request, const std::stop_token& stop);
  /// As send(); absent when there is no such object, which is no error.
  Result<std::optional<Node>> find(const ApiRequest& request, const std::stop_token& stop);
  /// As find(), but of the object that is the answer its metadata.resourceVersion alone: the rest is not read.
  Result<std::optional<std::string>> find_version(const ApiRequest& request, const std::stop_token& stop);
  /// Gives the answer's bytes as they come; success when the server ends it well. An error of `writer` ends it.
  Result<void> stream(const ApiRequest& request, const StreamTaker& taker, const std::stop_token& stop);
  /// Every object of a collection that is known to be small, page by page.
  Result<std::vector<Node>> list_all(const Target& collection, ListQuery query, const std::stop_token& stop);

 private:
  http::HttpTransport& transport_;
};

/// What an answer that is no success means.
Error error_of(const ApiRequest& request, const http::Response& response);
/// What a Status object inside a watch means.
Error error_of_status(const ApiRequest& request, const Node& status);

/// Whether a version or a page is too old to go on from.
bool is_expired(const Error& error);
/// Whether the object would be larger than the API server can keep.
bool is_too_large(const Error& error);
/// Whether something new was refused because its namespace is being deleted.
bool is_of_ending_namespace(const Error& error);

/// The rule that grants a request, as it stands in a Role or ClusterRole; for a collection all that watching it takes.
std::string rbac_rule_for(const ApiRequest& request);

}  // namespace slipway::kube

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/time.h"

namespace slipway {

inline constexpr std::string_view kGroup = "slipway.dev";
inline constexpr std::string_view kApiVersion = "slipway.dev/v1alpha1";
inline constexpr std::string_view kReconcileRequestedAt = "slipway.dev/reconcile-requested-at";

enum class ResourceKind { ContainerRegistry, ImagePublication, RetentionPolicy };

std::string_view to_string(ResourceKind kind);

/// Which object: kind, namespace (empty for a ContainerRegistry) and name.
struct ObjectKey {
  ResourceKind kind = ResourceKind::ImagePublication;
  std::string namespace_name;
  std::string name;
  auto operator<=>(const ObjectKey&) const = default;
};

/// "ImagePublication shop/storefront", "ContainerRegistry contoso".
std::string to_string(const ObjectKey& key);

/// The part of metav1.ObjectMeta that Slipway uses.
struct ObjectMeta {
  std::string name;
  std::string namespace_name;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::vector<std::string> finalizers;
  std::optional<Timestamp> creation_timestamp;
  std::optional<Timestamp> deletion_timestamp;
  bool operator==(const ObjectMeta&) const = default;
};

/// The key of an object of one of our kinds.
template <class T>
  requires requires { T::kKind; }
ObjectKey key_of(const T& object) {
  return {T::kKind, object.metadata.namespace_name, object.metadata.name};
}

/// What a person wrote to ask for a visit now, as far as a status can keep it (1,024 characters).
std::optional<std::string> reconcile_request(const ObjectMeta& metadata);

/// A reference to another object by name.
struct NameRef {
  std::string name;
  bool operator==(const NameRef&) const = default;
};

/// A key of a Secret or ConfigMap.
struct KeyRef {
  std::string name;
  std::string key;
  bool operator==(const KeyRef&) const = default;
};

}  // namespace slipway

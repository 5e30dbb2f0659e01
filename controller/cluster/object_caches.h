#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "controller/cluster/kept_registry_names.h"
#include "controller/cluster/reference_index.h"
#include "controller/kube/object_codec.h"
#include "controller/runtime/object_cache.h"

namespace slipway::cluster {

/// What the API server has of what Slipway keeps in memory, and who refers to what in it. Filled by ObjectWatches, read
/// by everybody. An object whose spec can't be used (Reflected::problems) is here with what identifies it alone.
/// Thread-safe.
struct ObjectCaches {
  /// `controller_namespace`: where the Secrets of ContainerRegistries are.
  explicit ObjectCaches(const std::string& controller_namespace);
  ObjectCaches(const ObjectCaches&) = delete;
  ObjectCaches& operator=(const ObjectCaches&) = delete;

  runtime::ObjectCache<ImagePublication> publications{kube::decode_publication};
  runtime::ObjectCache<ContainerRegistry> registries{kube::decode_registry};
  runtime::ObjectCache<RetentionPolicy> retention_policies{kube::decode_retention_policy};
  runtime::ObjectCache<kube::MetadataObject> namespaces{kube::decode_namespace};
  ReferenceIndex references;
  KeptRegistryNames registry_names{registries};

  /// Every object of ours; those that come meanwhile may be left out. Without a lock.
  void for_each_key(const std::function<void(const ObjectKey&)>& visit) const;
  /// Of ours.
  std::size_t size() const;
};

/// The cache of that kind.
template <class T>
runtime::ObjectCache<T>& cache_of(ObjectCaches& caches) {
  if constexpr (T::kKind == ResourceKind::ImagePublication)
    return caches.publications;
  else if constexpr (T::kKind == ResourceKind::ContainerRegistry)
    return caches.registries;
  else
    return caches.retention_policies;
}

inline runtime::ObjectName name_of(const ObjectKey& key) {
  return {key.namespace_name, key.name};
}

}  // namespace slipway::cluster

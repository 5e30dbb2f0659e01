#pragma once

#include <functional>
#include <memory>

#include "controller/runtime/guarded.h"
#include "controller/runtime/object_cache.h"
#include "reconcilers/registry_names.h"

namespace slipway::cluster {

/// Whether what another ContainerRegistry is one registry with can be another than before. Either may be null.
bool has_other_names(const ContainerRegistry* before, const ContainerRegistry* now);

/// Gives the RegistryNames of all ContainerRegistries as they are now; never null. Thread-safe.
using RegistryNamesNow = std::function<std::shared_ptr<const RegistryNames>()>;

/// Those of a cache, put together when they are asked for and have changed: once for a list, whatever it brings.
/// Thread-safe.
class KeptRegistryNames {
 public:
  /// `registries` outlives it, and is filled after it was made.
  explicit KeptRegistryNames(runtime::ObjectCache<ContainerRegistry>& registries);
  KeptRegistryNames(const KeptRegistryNames&) = delete;
  KeptRegistryNames& operator=(const KeptRegistryNames&) = delete;

  std::shared_ptr<const RegistryNames> now() const;

 private:
  const runtime::ObjectCache<ContainerRegistry>& registries_;
  mutable runtime::Guarded<std::shared_ptr<const RegistryNames>> names_;  ///< Null: to be put together.
};

}  // namespace slipway::cluster

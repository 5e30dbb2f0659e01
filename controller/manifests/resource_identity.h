#pragma once

#include <cstddef>
#include <string>

#include "crds/v1alpha1/resources.h"

namespace slipway::manifests {

/// Which object of a folder: its kind (the alternative of Resource), namespace and name.
struct ResourceIdentity {
  std::size_t kind = 0;
  std::string namespace_name;
  std::string name;
  auto operator<=>(const ResourceIdentity&) const = default;
};

ResourceIdentity identity_of(const Resource& resource);
/// "Secret shop/ghcr".
std::string to_string(const ResourceIdentity& identity);

}  // namespace slipway::manifests

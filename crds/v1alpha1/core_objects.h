#pragma once

#include "crds/base/document.h"
#include "crds/v1alpha1/field_reader.h"
#include "crds/v1alpha1/resources.h"

namespace slipway {

/// What the API server lets a Secret or a ConfigMap hold in all, in bytes.
inline constexpr std::size_t kLargestData = 1u << 20;

/// Read the core/v1 objects of a folder. What is wrong goes to the reader; a Secret's values never do.
NamespaceObject read_namespace(const Node& root, FieldReader& reader);
SecretObject read_secret(const Node& root, FieldReader& reader);
ConfigMapObject read_config_map(const Node& root, FieldReader& reader);

}  // namespace slipway

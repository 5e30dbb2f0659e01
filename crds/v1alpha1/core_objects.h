#pragma once

#include <optional>
#include <string>
#include <string_view>

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

/// Key of a Secret with a docker configuration, which stands for username and password.
inline constexpr std::string_view kDockerConfigKey = ".dockerconfigjson";

/// "lacks password (it has pasword, username)", with the names of keys alone; nothing where the Secret has the keys to
/// sign in to a registry with.
std::optional<std::string> lacking_for_sign_in(const SecretObject& secret);

}  // namespace slipway

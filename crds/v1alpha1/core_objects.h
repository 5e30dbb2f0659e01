#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crds/base/document.h"
#include "crds/base/result.h"
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

/// Key of a Secret with username and password: the host that they are for.
inline constexpr std::string_view kRegistryKey = "registry";

/// Why nobody signs in to a registry with the Secret (Unauthorized): "Secret shop/s lacks password (it has pasword,
/// username)", with the names of keys alone. Nothing where it has the keys.
std::optional<Error> objection_to_sign_in(const SecretObject& secret);

/// As objection_to_sign_in(), for whoever names the Secret and `host` and may not be allowed to read it: user name and
/// password go to the host that the Secret names, as those of a docker configuration do, and to no other.
std::optional<Error> objection_to_pull(const SecretObject& secret, std::string_view host);

}  // namespace slipway

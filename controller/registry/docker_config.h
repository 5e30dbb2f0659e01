#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controller/registry/credentials.h"
#include "crds/base/result.h"

namespace slipway::registry {

/// The entry for `host` in a docker config.json or a Secret of type kubernetes.io/dockerconfigjson ("auths": with auth,
/// username and password, or identitytoken). Keys may carry a scheme and a path; docker.io is index.docker.io too.
/// Nothing when there is none. Invalid when it can't be read; the text itself is never shown.
Result<std::optional<Credentials>> credentials_from_docker_config(std::string_view json, const std::string& host);

/// The name of the credential helper that docker's config.json wants asked for `host`: credHelpers, else credsStore;
/// empty when none. Invalid when it can't be read.
Result<std::string> credential_helper_in_docker_config(std::string_view json, const std::string& host);

}  // namespace slipway::registry

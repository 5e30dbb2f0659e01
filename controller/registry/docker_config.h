#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controller/registry/credentials.h"
#include "crds/base/result.h"

namespace slipway::registry {

/// The entry for `repository` of `host` in a docker config.json or a Secret of type kubernetes.io/dockerconfigjson
/// ("auths": with auth, username and password, or identitytoken). Keys may carry a scheme, and spell host and port as
/// they like; docker.io is index.docker.io too. As Kubernetes has it, a key with a path ("host/group") is for the
/// repositories below that, the longest counts, and /v1/ and /v2/ are none. Where all of the host is meant (no
/// repository), a key without a path counts, else the first. Nothing when there is none. Invalid when it can't be read;
/// the text itself is never shown.
Result<std::optional<Credentials>> credentials_from_docker_config(std::string_view json, const std::string& host,
                                                                  std::string_view repository);

/// The name of the credential helper that docker's config.json wants asked for `host`: credHelpers, else credsStore;
/// empty when none. Invalid when it can't be read.
Result<std::string> credential_helper_in_docker_config(std::string_view json, const std::string& host);

}  // namespace slipway::registry

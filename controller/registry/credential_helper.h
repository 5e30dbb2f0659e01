#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/registry/credentials.h"
#include "crds/base/result.h"

namespace slipway::registry {

struct HelperLimits {
  std::chrono::milliseconds time{10'000};
  std::size_t bytes = 64u << 10;
};

/// Asks `docker-credential-NAME get` of the PATH for the credentials of `server`, which it reads from its standard
/// input (docker/docker-credential-helpers). No shell; what it says is bounded, and so is how long it takes: then it is
/// killed, as it is when `stop` asks (Cancelled). Nothing when it has none. Invalid when there is no such program or
/// its answer can't be read, Unavailable when it fails or takes too long; what it printed is never shown.
Result<std::optional<Credentials>> ask_credential_helper(const std::string& name, const std::string& server,
                                                         const HelperLimits& limits = {},
                                                         const std::stop_token& stop = {});

}  // namespace slipway::registry

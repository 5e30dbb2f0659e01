#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "controller/registry/connection.h"

namespace slipway::registry {

/// All tags of a repository, in the registry's order; none when there is no such repository (or no right to see it).
/// Integrity for what is no list of tags, and for more than 100,000.
Result<std::vector<std::string>> list_tags(Connection& connection, const std::string& repository, std::stop_token stop);

/// The repositories that the registry shows to this identity, in its order. Integrity as above; NotFound where the
/// registry has no catalog.
Result<std::vector<std::string>> list_repositories(Connection& connection, std::stop_token stop);

}  // namespace slipway::registry

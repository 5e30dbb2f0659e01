#pragma once

#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/registry/connection.h"

namespace slipway::registry {

/// All tags of a repository, in the registry's order; none when there is no such repository (or no right to see it).
/// Integrity for what is no list of tags, for more than 100,000, and for a page of more than 20,000 (1,000 are asked
/// for).
Result<std::vector<std::string>> list_tags(Connection& connection, const std::string& repository, std::stop_token stop);

/// The tags where the first answer holds all of them: empty when there is no such repository, nothing when there are
/// more, or the registry does not show them.
Result<std::optional<std::set<std::string>>> list_few_tags(Connection& connection, const http::Request& request,
                                                           const Errand& errand, std::stop_token stop);

/// The repositories that the registry shows to this identity, in its order. Integrity as above; NotFound where the
/// registry has no catalog.
Result<std::vector<std::string>> list_repositories(Connection& connection, std::stop_token stop);

}  // namespace slipway::registry

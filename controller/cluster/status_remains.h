#pragma once

#include <optional>

#include "crds/base/document.h"

namespace slipway::cluster {

/// What is in the status `there` and not in `wanted`, as the JSON merge patch that takes it away: absent when there is
/// nothing. Of lists whose items have a `type` those count, of others how many items they have; what is empty is
/// nothing. Values that differ don't matter.
std::optional<Node> remains(const Node& there, const Node& wanted);

}  // namespace slipway::cluster

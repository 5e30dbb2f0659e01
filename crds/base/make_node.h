#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/base/document.h"

namespace slipway {

/// Values made in memory; their place is unknown.
Node string_node(std::string_view text);
Node integer_node(std::int64_t value);
Node boolean_node(bool value);
Node list_node(std::vector<Node> items = {});
Node map_node();

/// Adds a member at the end; the key must be new.
void add(Node& map, std::string_view key, Node value);

}  // namespace slipway

#pragma once

#include <string>
#include <string_view>

#include "crds/base/document.h"

namespace slipway::registry {

/// The string at `key` of a map; empty when it is not there or something else.
inline std::string text_of(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found != nullptr && found->kind == Node::Kind::String ? found->text : std::string();
}

}  // namespace slipway::registry

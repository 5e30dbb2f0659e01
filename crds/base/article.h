#pragma once

#include <string>

#include "crds/base/document.h"

namespace slipway {

/// "an integer", "a list": for messages.
std::string with_article(Node::Kind kind);

}  // namespace slipway

#pragma once

#include <string_view>

#include "crds/base/document.h"
#include "crds/v1alpha1/resources.h"

namespace slipway {

/// As parse_resources(), of one document that is read already.
ParsedResources parse_resource(const Node& root, std::string_view file, const ParseOptions& options = {});

}  // namespace slipway

#pragma once

#include <string_view>

#include "crds/base/document.h"

namespace slipway::kube {

/// What an API server answered. It gives back byte for byte what a client wrote into managedFields, also what is no
/// UTF-8: such bytes are read as '?', and keys that are the same then are no problem, so that one object keeps nobody
/// from the others. All else is as parse_json() has it.
Document parse_api_json(std::string_view text, std::string_view name, DocumentLimits limits);

}  // namespace slipway::kube

#pragma once

#include <cstdint>
#include <string_view>

#include "crds/base/result.h"

namespace slipway {

/// A Kubernetes quantity of whole units, e.g. bytes: "1048576", "20M", "1.5Gi". Invalid when it is none, is below one
/// unit or does not fit.
Result<std::int64_t> parse_quantity(std::string_view text);

}  // namespace slipway

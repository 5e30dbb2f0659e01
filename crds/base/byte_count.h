#pragma once

#include <cstdint>
#include <string>

namespace slipway {

/// "412.3 MiB", "17 B": binary units, one digit after the point from KiB on; what is cut off is not rounded up.
std::string format_bytes(std::int64_t bytes);

}  // namespace slipway

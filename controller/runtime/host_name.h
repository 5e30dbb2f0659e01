#pragma once

#include <string>

namespace slipway::runtime {

/// The machine's own name as the kernel has it; empty where it has none.
std::string host_name();

}  // namespace slipway::runtime

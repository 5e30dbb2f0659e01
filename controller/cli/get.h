#pragma once

#include "controller/cli/console.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"

namespace slipway::cli {

/// `slipway get`: resources with the state in which they were left.
ExitCode get(const GetOptions& options, const Console& console);

}  // namespace slipway::cli

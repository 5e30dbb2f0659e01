#pragma once

#include "controller/cli/console.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"

namespace slipway::cli {

/// `slipway plan`: what publish would do now, and why. The code is the one that what stands in the way would give.
ExitCode plan(const PlanOptions& options, const Console& console);

}  // namespace slipway::cli

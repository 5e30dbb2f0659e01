#pragma once

#include "controller/cli/console.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"

namespace slipway::cli {

/// `slipway run`: the controller over a folder or a cluster, until a signal stops it (then 0: it ended as asked).
ExitCode run(const RunOptions& options, const Console& console);

}  // namespace slipway::cli

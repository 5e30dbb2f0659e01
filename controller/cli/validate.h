#pragma once

#include "controller/cli/console.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"

namespace slipway::cli {

/// `slipway validate`: problems as errors, one a line, and a summary; as JSON or YAML all of it as the result.
ExitCode validate(const ValidateOptions& options, const Console& console);

}  // namespace slipway::cli

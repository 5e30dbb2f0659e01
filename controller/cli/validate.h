#pragma once

#include <iosfwd>

#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"

namespace slipway::cli {

/// `slipway validate`: problems to `errors`, one a line, and a summary to `out`; as JSON or YAML all of it to `out`.
ExitCode validate(const ValidateOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace slipway::cli

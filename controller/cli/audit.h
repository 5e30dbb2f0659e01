#pragma once

#include "controller/cli/console.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"

namespace slipway::cli {

/// Reads the audit log: `verify`, `head`, `export`. Each says when something is wrong with it, and ends with 1 then.
ExitCode audit(const AuditOptions& options, const Console& console);

}  // namespace slipway::cli

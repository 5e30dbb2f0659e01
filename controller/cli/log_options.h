#pragma once

#include "controller/cli/console.h"
#include "controller/cli/options.h"
#include "controller/telemetry/log.h"

namespace slipway::cli {

/// What `--log-format` and `--log-level` mean on this console: `auto` is text on a terminal, JSON elsewhere.
telemetry::Log::Options log_options(const LogOptions& options, const Console& console);

}  // namespace slipway::cli

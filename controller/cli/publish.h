#pragma once

#include "controller/cli/console.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"

namespace slipway::cli {

/// `slipway publish`: every publication of the input once, until it is ready or can't become so. Nothing is begun when
/// a resource of the input is invalid.
ExitCode publish(const PublishOptions& options, const Console& console);

}  // namespace slipway::cli

#pragma once

#include "controller/cli/options.h"

namespace CLI {
class App;
}

namespace slipway::cli {

/// The verb audit with its flags, which fill `options`.
void add_audit(CLI::App& app, AuditOptions& options);

}  // namespace slipway::cli

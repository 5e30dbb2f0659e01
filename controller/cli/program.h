#pragma once

#include <string>
#include <vector>

#include "controller/cli/console.h"
#include "controller/cli/exit_code.h"

namespace slipway::cli {

/// The whole program: `arguments` are those after its name.
ExitCode run_program(const std::vector<std::string>& arguments, const Console& console);

}  // namespace slipway::cli

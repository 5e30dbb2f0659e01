#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "controller/cli/exit_code.h"

namespace slipway::cli {

/// Runs the command that the arguments (after the program's name) give.
ExitCode run_program(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& errors);

}  // namespace slipway::cli

#pragma once

#include <cstddef>
#include <iosfwd>

#include "controller/cli/github_build.h"

namespace slipway::cli {

/// What the process was started with. The streams outlive it.
struct Console {
  std::ostream& out;     ///< Results.
  std::ostream& errors;  ///< Errors, progress.
  bool errors_is_terminal = false;
  std::size_t columns = 80;  ///< Of the terminal.
  Environment environment;
};

}  // namespace slipway::cli

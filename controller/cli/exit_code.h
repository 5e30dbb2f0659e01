#pragma once

#include <string_view>

#include "crds/base/result.h"

namespace slipway::cli {

/// What the process tells its caller; the meanings are part of the command line's contract.
enum class ExitCode {
  Ok = 0,
  Refused = 1,        ///< Gate, conflict, not found, integrity, credentials, permission.
  Invalid = 2,        ///< Bad usage or an invalid resource.
  Outside = 3,        ///< Throttled, quota, unavailable, deadline: trying again can help.
  Bug = 4,            ///< A bug of ours.
  Interrupted = 130,  ///< SIGINT.
  Terminated = 143,   ///< SIGTERM.
};

ExitCode exit_code_of(ErrorClass cls);

/// The class that status shows as text; Internal for a text that names none.
ErrorClass error_class_named(std::string_view text);

/// The one of two that the caller should see: a signal, then 4, then 2 before 1 before 3 before 0.
ExitCode graver(ExitCode one, ExitCode other);

}  // namespace slipway::cli

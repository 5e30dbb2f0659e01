#pragma once

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

/// 130 for SIGINT, 143 for SIGTERM.
ExitCode exit_code_of_signal(int signal);

/// The one of two that the caller should see: a signal, then 4, then 2 before 1 before 3 before 0.
ExitCode graver(ExitCode one, ExitCode other);

}  // namespace slipway::cli

#include "controller/cli/exit_code.h"

#include <algorithm>
#include <array>

namespace slipway::cli {

namespace {

constexpr std::array kGravest{ExitCode::Interrupted, ExitCode::Terminated, ExitCode::Bug, ExitCode::Invalid,
                              ExitCode::Refused,     ExitCode::Outside,    ExitCode::Ok};

}  // namespace

ExitCode exit_code_of(ErrorClass cls) {
  switch (cls) {
    case ErrorClass::Invalid:
      return ExitCode::Invalid;
    case ErrorClass::NotFound:
    case ErrorClass::Conflict:
    case ErrorClass::Unauthorized:
    case ErrorClass::Forbidden:
    case ErrorClass::Integrity:
    case ErrorClass::Refused:
      return ExitCode::Refused;
    case ErrorClass::Throttled:
    case ErrorClass::QuotaExceeded:
    case ErrorClass::Unavailable:
    case ErrorClass::Cancelled:
      return ExitCode::Outside;
    case ErrorClass::Internal:
      return ExitCode::Bug;
  }
  return ExitCode::Bug;
}

ExitCode exit_code_of_signal(int signal) {
  return static_cast<ExitCode>(128 + signal);
}

ExitCode graver(ExitCode one, ExitCode other) {
  return *std::find_if(kGravest.begin(), kGravest.end(), [&](ExitCode code) { return code == one || code == other; });
}

}  // namespace slipway::cli

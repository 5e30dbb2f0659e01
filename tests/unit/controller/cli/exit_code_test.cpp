#include "controller/cli/exit_code.h"

#include "crds/base/error_class.h"

#include "tests/catch.h"

namespace slipway::cli {

TEST_CASE("every error class has its exit code") {
  CHECK(exit_code_of(ErrorClass::Invalid) == ExitCode::Invalid);
  for (const auto cls : {ErrorClass::NotFound, ErrorClass::Conflict, ErrorClass::Unauthorized, ErrorClass::Forbidden,
                         ErrorClass::Integrity, ErrorClass::Refused})
    CHECK(exit_code_of(cls) == ExitCode::Refused);
  for (const auto cls :
       {ErrorClass::Throttled, ErrorClass::QuotaExceeded, ErrorClass::Unavailable, ErrorClass::Cancelled})
    CHECK(exit_code_of(cls) == ExitCode::Outside);
  CHECK(exit_code_of(ErrorClass::Internal) == ExitCode::Bug);
}

TEST_CASE("a class is found again by its name") {
  CHECK(error_class_named("QuotaExceeded") == ErrorClass::QuotaExceeded);
  CHECK(error_class_named("nonsense") == ErrorClass::Internal);
}

TEST_CASE("of several, 2 goes before 1 before 3") {
  CHECK(graver(ExitCode::Refused, ExitCode::Invalid) == ExitCode::Invalid);
  CHECK(graver(ExitCode::Outside, ExitCode::Refused) == ExitCode::Refused);
  CHECK(graver(ExitCode::Ok, ExitCode::Outside) == ExitCode::Outside);
  CHECK(graver(ExitCode::Ok, ExitCode::Ok) == ExitCode::Ok);
  CHECK(graver(ExitCode::Bug, ExitCode::Invalid) == ExitCode::Bug);
  CHECK(graver(ExitCode::Invalid, ExitCode::Terminated) == ExitCode::Terminated);
}

}  // namespace slipway::cli

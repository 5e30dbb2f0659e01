#include "controller/cli/exit_code.h"

#include <csignal>
#include <fstream>
#include <string>

#include "crds/base/error_class.h"
#include "tests/catch.h"

namespace slipway::cli {
namespace {

/// What the page says in the row of that code; nothing without one.
std::string meaning_of(ExitCode code) {
  std::ifstream page(SLIPWAY_SOURCE_DIR "/docs/reference/command-line.md");
  std::string line;
  while (std::getline(page, line) && line != "## Exit codes") continue;
  const std::string number = std::to_string(static_cast<int>(code));
  while (std::getline(page, line) && !line.starts_with("## ")) {
    const std::string codes = ' ' + line.substr(0, line.find('|', 1)) + ' ';
    if (codes.contains(' ' + number + ' ') || codes.contains(' ' + number + ',')) return line;
  }
  return {};
}

}  // namespace

TEST_CASE("every error class has its exit code, as the page says it") {
  struct Row {
    ErrorClass cls;
    ExitCode code;
    std::string words;
  };
  const Row rows[] = {{ErrorClass::Invalid, ExitCode::Invalid, "an invalid resource"},
                      {ErrorClass::NotFound, ExitCode::Refused, "something not found"},
                      {ErrorClass::Conflict, ExitCode::Refused, "a tag conflict"},
                      {ErrorClass::Unauthorized, ExitCode::Refused, "credentials"},
                      {ErrorClass::Forbidden, ExitCode::Refused, "a permission"},
                      {ErrorClass::Integrity, ExitCode::Refused, "damaged content"},
                      {ErrorClass::Refused, ExitCode::Refused, "refused: a gate"},
                      {ErrorClass::Throttled, ExitCode::Outside, "throttled"},
                      {ErrorClass::QuotaExceeded, ExitCode::Outside, "quota"},
                      {ErrorClass::Unavailable, ExitCode::Outside, "unavailable"},
                      {ErrorClass::Cancelled, ExitCode::Outside, "deadline"},
                      {ErrorClass::Internal, ExitCode::Bug, "a bug of Slipway"}};
  for (const Row& row : rows) {
    CHECK(exit_code_of(row.cls) == row.code);
    CHECK_THAT(meaning_of(row.code), Catch::Contains(row.words));
  }
  CHECK_THAT(meaning_of(ExitCode::Ok), Catch::Contains("done"));
  for (const int signal : {SIGINT, SIGTERM})
    CHECK_THAT(meaning_of(exit_code_of_signal(signal)), Catch::Contains("stopped by SIGINT, SIGTERM"));
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

#include "controller/standalone/folder_health.h"

#include "tests/catch.h"

namespace slipway::standalone {

namespace {

using namespace std::chrono_literals;

const Error kBroken{.cls = ErrorClass::Unavailable, .message = "disk is full", .remedy = "free some"};

}  // namespace

TEST_CASE("a folder is lost when a new process mends it, and can't work when it can't be read or kept") {
  struct Row {
    std::string what;
    FolderFacts facts;
    std::string lost;
    std::string cannot_work;
  };
  const auto row = GENERATE(values<Row>({
      {"all is well", {.has_read = true}, "", ""},
      {"before the first look", {}, "", "the folder has not been read yet"},
      {"a folder that can't be read",
       {.has_read = true, .folder_failure = kBroken},
       "",
       "the folder can't be read: disk is full"},
      {"a state that can't be written",
       {.has_read = true, .write_failure = kBroken},
       "",
       "the state can't be written: disk is full"},
      {"an audit log that can't be written",
       {.has_read = true, .audit_failure = kBroken},
       "",
       "changes can't be recorded, so none is made: disk is full"},
      {"a slow folder", {.has_read = true, .folder_silent_for = 10min}, "", ""},
      {"nobody looks at the folder",
       {.has_read = true, .folder_silent_for = 11min},
       "the folder has not been looked at for 11 minutes",
       ""},
      {"a state that is somewhere else",
       {.has_read = true, .state_was_replaced = true},
       "the state database was removed or replaced while it was open",
       ""},
  }));
  CAPTURE(row.what);
  CHECK(why_lost(row.facts).value_or("") == row.lost);
  CHECK(why_it_cannot_work(row.facts).value_or("") == row.cannot_work);
}

}  // namespace slipway::standalone

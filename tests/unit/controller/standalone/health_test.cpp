#include "controller/standalone/health.h"

#include "controller/runtime/signs_of_life.h"
#include "tests/catch.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

namespace slipway::standalone {

namespace {

using namespace std::chrono_literals;

const Error kBroken{.cls = ErrorClass::Unavailable, .message = "disk is full", .remedy = "free some"};

}  // namespace

TEST_CASE("liveness fails for what a new process mends, readiness for the rest") {
  struct Row {
    std::string what;
    HealthFacts facts;
    std::string not_alive;
    std::string not_ready;
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
      {"work that may go on", {.has_read = true, .work_silent_for = 15min}, "", ""},
      {"work that is stuck",
       {.has_read = true, .work_silent_for = 15min + 1ns},
       "there is work, and nothing has moved for 15 minutes",
       ""},
      {"a slow folder", {.has_read = true, .folder_silent_for = 10min}, "", ""},
      {"nobody looks at the folder",
       {.has_read = true, .folder_silent_for = 11min},
       "the folder has not been looked at for 11 minutes",
       ""},
      {"a state that is somewhere else",
       {.has_read = true, .state_was_replaced = true},
       "the state database was removed or replaced while it was open",
       ""},
      {"the way down", {.is_stopping = true, .has_read = true, .work_silent_for = 1h}, "", "it is stopping"},
  }));
  CAPTURE(row.what);
  CHECK(why_not_alive(row.facts).value_or("") == row.not_alive);
  CHECK(why_not_ready(row.facts).value_or("") == row.not_ready);
}

TEST_CASE("silence counts from the latest sign, and only while there is work") {
  tests::ManualSteadyClock clock;
  runtime::SignsOfLife signs{clock};
  clock.advance(1h);
  CHECK(signs.work_silent_for(std::nullopt) == 0s);
  CHECK(signs.work_silent_for(clock.now()) == 0s);
  const auto began = clock.now();
  clock.advance(20min);
  CHECK(signs.work_silent_for(began) == 20min);
  signs.of_work();
  CHECK(signs.work_silent_for(began) == 0s);
  CHECK(signs.folder_silent_for() == 80min);
  signs.of_folder();
  CHECK(signs.folder_silent_for() == 0s);
}

}  // namespace slipway::standalone

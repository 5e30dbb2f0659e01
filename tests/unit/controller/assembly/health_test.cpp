#include "controller/assembly/health.h"

#include "controller/runtime/signs_of_life.h"
#include "tests/catch.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

namespace slipway::assembly {

namespace {

using namespace std::chrono_literals;

}  // namespace

TEST_CASE("liveness fails for what a new process mends, readiness for the rest") {
  struct Row {
    std::string what;
    HealthFacts facts;
    std::string not_alive;
    std::string not_ready;
  };
  const auto row = GENERATE(values<Row>({
      {"all is well", {}, "", ""},
      {"work that may go on", {.work_silent_for = 15min}, "", ""},
      {"work that is stuck",
       {.work_silent_for = 15min + 1ns},
       "there is work, and nothing has moved for 15 minutes",
       ""},
      {"what is lost", {.is_lost = "the state was removed"}, "the state was removed", ""},
      {"what can't work", {.cannot_work = "the disk is full"}, "", "the disk is full"},
      {"the way down",
       {.is_stopping = true, .work_silent_for = 1h, .is_lost = "a", .cannot_work = "b"},
       "",
       "it is stopping"},
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

}  // namespace slipway::assembly

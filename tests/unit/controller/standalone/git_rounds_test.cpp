#include "controller/standalone/git_rounds.h"

#include "tests/catch.h"

using namespace slipway::standalone;
using std::chrono::milliseconds;
using std::chrono::minutes;

TEST_CASE("a repository is asked at the interval, and after failures sooner, then at the interval again") {
  CHECK(next_round(minutes{1}, 0, 0.5) == minutes{1});
  CHECK(next_round(minutes{1}, 0, 0.0) == milliseconds{54'000});
  CHECK(next_round(minutes{1}, 1, 0.5) == milliseconds{5'000});
  CHECK(next_round(minutes{1}, 2, 0.5) == milliseconds{10'000});
  CHECK(next_round(minutes{1}, 20, 0.5) == minutes{1});
  CHECK(next_round(milliseconds{1'000}, 1, 0.5) == milliseconds{1'000});
}

#include "controller/runtime/backoff.h"

#include "tests/catch.h"

using namespace std::chrono_literals;
using slipway::runtime::backoff;
using slipway::runtime::BackoffLimits;
using slipway::runtime::spread;

TEST_CASE("the delay doubles from the first to the longest") {
  const BackoffLimits limits{.first = 500ms, .longest = 3s, .jitter = 0};
  struct Row {
    unsigned failures;
    std::chrono::milliseconds delay;
  };
  for (const Row& row :
       {Row{0, 500ms}, Row{1, 500ms}, Row{2, 1s}, Row{3, 2s}, Row{4, 3s}, Row{5, 3s}, Row{4'000'000'000u, 3s}}) {
    CAPTURE(row.failures);
    CHECK(backoff(limits, row.failures, 0.9) == row.delay);
  }
}

TEST_CASE("jitter moves the delay to either side") {
  const BackoffLimits limits{.first = 1s, .longest = 8s, .jitter = 0.25};
  CHECK(backoff(limits, 1, 0) == 750ms);
  CHECK(backoff(limits, 1, 0.5) == 1s);
  CHECK(backoff(limits, 2, 1) == 2500ms);
}

TEST_CASE("the server's Retry-After is a floor") {
  const BackoffLimits limits{.first = 1s, .longest = 8s, .jitter = 0.5};
  CHECK(backoff(limits, 1, 0.5, 999ms) == 1s);
  CHECK(backoff(limits, 1, 0.5, 1s) == 1s);
  SECTION("jitter only lengthens it") {
    CHECK(backoff(limits, 1, 0, 2s) == 2s);
    CHECK(backoff(limits, 1, 1, 2s) == 3s);
  }
  SECTION("the longest delay does not cap it") {
    CHECK(backoff(limits, 1, 0, 60s) == 60s);
  }
}

TEST_CASE("a long delay is spread over its last tenth, a short one is what it is") {
  struct Row {
    std::chrono::milliseconds delay;
    double roll;
    std::chrono::milliseconds spread;
  };
  for (const Row& row :
       {Row{1h, 0, 1h}, Row{1h, 0.5, 57min}, Row{1h, 1, 54min}, Row{1min, 1, 54s}, Row{59'999ms, 1, 59'999ms},
        Row{1s, 0.5, 1s}, Row{0s, 1, 0s}, Row{-1h, 1, -1h}, Row{24h * 365 * 1000, 1, 24h * 365 * 900}}) {
    CAPTURE(row.delay.count(), row.roll);
    CHECK(spread(row.delay, row.roll) == row.spread);
  }
}

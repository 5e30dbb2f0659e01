#include "controller/runtime/time_limits.h"

#include "controller/runtime/waiting.h"
#include "tests/catch.h"

using namespace std::chrono_literals;

namespace slipway::runtime {

TEST_CASE("work is asked to stop when its time is over, and no other's") {
  TimeLimits limits;
  std::stop_source long_work, short_work, no_time;
  const TimeLimits::Limit long_limit(limits, 1h, long_work);
  const TimeLimits::Limit short_limit(limits, 1ms, short_work);
  CHECK_FALSE(wait(1min, short_work.get_token()));
  const TimeLimits::Limit none(limits, -1h, no_time);
  CHECK_FALSE(wait(1min, no_time.get_token()));
  CHECK_FALSE(long_work.stop_requested());
}

TEST_CASE("work that has ended is asked no more") {
  TimeLimits limits;
  auto time = 20ms;
  const auto has_ended_in_time = [&](std::stop_source& work) {
    {
      const TimeLimits::Limit limit(limits, time, work);
    }
    return !work.stop_requested();
  };
  std::stop_source ended, next;
  // On a busy machine it may take longer.
  for (; !has_ended_in_time(ended) && time < 5s; ended = {}) time *= 2;
  const TimeLimits::Limit limit(limits, 2 * time, next);
  CHECK_FALSE(wait(1min, next.get_token()));
  CHECK_FALSE(ended.stop_requested());
}

}  // namespace slipway::runtime

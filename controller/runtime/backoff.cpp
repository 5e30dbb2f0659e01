#include "controller/runtime/backoff.h"

#include <algorithm>
#include <cmath>

namespace slipway::runtime {

using std::chrono::milliseconds;

namespace {

milliseconds scaled(milliseconds delay, double factor) {
  return milliseconds{std::llround(static_cast<double>(delay.count()) * factor)};
}

milliseconds doubled(const BackoffLimits& limits, unsigned failures) {
  milliseconds delay = limits.first;
  for (unsigned i = 1; i < failures && delay < limits.longest; ++i) delay *= 2;
  return std::min(delay, limits.longest);
}

}  // namespace

milliseconds backoff(const BackoffLimits& limits, unsigned failures, double roll, std::optional<milliseconds> floor) {
  const milliseconds own = scaled(doubled(limits, failures), 1 + limits.jitter * (2 * roll - 1));
  if (!floor || *floor <= own) return own;
  return scaled(*floor, 1 + limits.jitter * roll);
}

milliseconds spread(milliseconds delay, double roll) {
  constexpr double kShare = 0.1;
  return delay < std::chrono::minutes{1} ? delay : scaled(delay, 1 - kShare * roll);
}

}  // namespace slipway::runtime

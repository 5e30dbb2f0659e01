#include "controller/runtime/system_clock.h"

namespace slipway::runtime {

Timestamp SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

SteadyClock::Time SystemSteadyClock::now() const {
  return std::chrono::steady_clock::now();
}

}  // namespace slipway::runtime

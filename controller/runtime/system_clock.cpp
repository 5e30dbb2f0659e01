#include "controller/runtime/system_clock.h"

#include <ctime>

namespace slipway::runtime {

Timestamp SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

SteadyClock::Time BootClock::now() const {
  timespec now{};
  if (::clock_gettime(CLOCK_BOOTTIME, &now) != 0) return std::chrono::steady_clock::now();
  return Time{std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
}

SteadyClock::Time SystemSteadyClock::now() const {
  return std::chrono::steady_clock::now();
}

}  // namespace slipway::runtime

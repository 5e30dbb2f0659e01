#pragma once

#include <chrono>

#include "reconcilers/ports/clock.h"

namespace slipway::runtime {

/// The machine's wall clock. Thread-safe.
class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
};

/// A clock that never goes back, for waits and durations; nothing else may be read from it. Thread-safe.
class SteadyClock {
 public:
  using Time = std::chrono::steady_clock::time_point;
  virtual ~SteadyClock() = default;
  virtual Time now() const = 0;
};

/// As SystemSteadyClock, and the time in which the machine sleeps counts too. Thread-safe.
class BootClock final : public SteadyClock {
 public:
  Time now() const override;
};

/// The machine's monotonic clock. Thread-safe.
class SystemSteadyClock final : public SteadyClock {
 public:
  Time now() const override;
};

}  // namespace slipway::runtime

#pragma once

#include <atomic>
#include <chrono>

#include "reconcilers/ports/clock.h"

namespace slipway::tests {

/// Time that the test moves. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_(start.time_since_epoch().count()) {}

  Timestamp now() const override { return Timestamp(Timestamp::duration(now_.load())); }
  void advance(std::chrono::milliseconds by) { now_ += by.count(); }

 private:
  std::atomic<Timestamp::rep> now_;
};

}  // namespace slipway::tests

#pragma once

#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"

namespace slipway::tests {

/// Time that the test moves. Thread-safe.
class ManualSteadyClock final : public runtime::SteadyClock {
 public:
  Time now() const override { return *now_.lock(); }
  void advance(std::chrono::nanoseconds by) { *now_.lock() += by; }

 private:
  runtime::Guarded<Time> now_{Time{std::chrono::hours{1}}};
};

}  // namespace slipway::tests

#pragma once

#include <chrono>
#include <condition_variable>
#include <stop_token>
#include <utility>

#include "controller/runtime/guarded.h"

namespace slipway::runtime {

/// Wakes whoever waits before its time. A nudge that comes while nobody waits is kept for the next wait. Thread-safe.
class Nudge {
 public:
  void nudge() {
    *nudged_.lock() = true;
    changed_.notify_all();
  }
  /// Waits that long, until it is nudged, or until `stop` asks. True when it was nudged.
  bool wait(std::chrono::milliseconds longest, std::stop_token stop) {
    auto nudged = nudged_.lock();
    nudged.wait_for(changed_, std::move(stop), longest, [&] { return *nudged; });
    return std::exchange(*nudged, false);
  }

 private:
  std::condition_variable_any changed_;
  Guarded<bool> nudged_{false};
};

}  // namespace slipway::runtime

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <stop_token>
#include <utility>

#include "controller/runtime/guarded.h"

namespace slipway::runtime {

/// Lets all who wait out a back-off go on at once when what they wait for is back. Who begins to wait afterwards
/// waits for the next time. Thread-safe.
class EndOfOutage {
 public:
  void tell() {
    ++*times_told_.lock();
    changed_.notify_all();
  }
  /// Waits that long; false when it ended early, because `stop` asks or the outage is told to be over.
  bool wait(std::chrono::milliseconds longest, std::stop_token stop) {
    auto told = times_told_.lock();
    const std::uint64_t before = *told;
    return !told.wait_for(changed_, stop, longest, [&] { return *told != before; }) && !stop.stop_requested();
  }

 private:
  std::condition_variable_any changed_;
  Guarded<std::uint64_t> times_told_{0};
};

}  // namespace slipway::runtime

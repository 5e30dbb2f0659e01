#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <stop_token>
#include <utility>

#include "controller/runtime/guarded.h"

namespace slipway::runtime {

/// Lets all who wait out a back-off go on when what they wait for is back after an outage. Thread-safe.
class EndOfOutage {
 public:
  /// How often one ended.
  std::uint64_t count() const { return *times_told_.lock(); }
  void tell() {
    ++*times_told_.lock();
    changed_.notify_all();
  }
  /// Waits that long; false when it ended early, because `stop` asks or more outages ended than those `seen`.
  bool wait(std::chrono::milliseconds longest, std::uint64_t seen, std::stop_token stop) {
    auto told = times_told_.lock();
    return !told.wait_for(changed_, stop, longest, [&] { return *told != seen; }) && !stop.stop_requested();
  }

 private:
  std::condition_variable_any changed_;
  Guarded<std::uint64_t> times_told_{0};
};

}  // namespace slipway::runtime

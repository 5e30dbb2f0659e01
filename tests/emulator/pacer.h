#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace slipway::emulator {

/// Holds a body back to `bytes_per_second` (0: not at all). One thread.
class Pacer {
 public:
  explicit Pacer(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}

  /// The most to move at once, so that the flow is even: a twentieth of a second's worth.
  std::size_t piece(std::size_t wanted) const {
    return rate_ == 0 ? wanted : std::min<std::size_t>(wanted, static_cast<std::size_t>(rate_ / 20 + 1));
  }
  /// Waits until `bytes` more are due, or until `stop` asks.
  void moved(std::uint64_t bytes, const std::stop_token& stop) {
    if (rate_ == 0) return;
    due_ += std::chrono::nanoseconds(bytes * 1'000'000'000 / rate_);
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait_until(lock, stop, due_, [] { return false; });
  }

 private:
  std::uint64_t rate_;
  std::chrono::steady_clock::time_point due_ = std::chrono::steady_clock::now();
};

}  // namespace slipway::emulator

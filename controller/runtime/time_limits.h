#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"

namespace slipway::runtime {

/// Asks what takes too long to stop. Its one thread is there from the beginning, so that no limit fails where the
/// machine refuses threads. Thread-safe.
class TimeLimits {
  using Key = std::pair<SteadyClock::Time, std::uint64_t>;

 public:
  /// Throws std::system_error when its thread can't be made.
  TimeLimits();

  /// Stands for as long as it lives; the TimeLimits outlive it.
  class Limit {
   public:
    Limit(TimeLimits& limits, std::chrono::milliseconds left, std::stop_source work);
    ~Limit();
    Limit(const Limit&) = delete;
    Limit& operator=(const Limit&) = delete;

   private:
    TimeLimits& limits_;
    Key key_;
  };

 private:
  struct State {
    std::map<Key, std::stop_source> open;  ///< In the order in which they end.
    std::uint64_t number = 0;

    std::optional<SteadyClock::Time> next() const;
  };

  void watch(const std::stop_token& stop);

  const SystemSteadyClock clock_;
  std::condition_variable_any changed_;
  Guarded<State> state_;
  std::jthread thread_;  ///< The last: it ends before what it uses.
};

}  // namespace slipway::runtime

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <utility>

#include "controller/runtime/guarded.h"
#include "controller/transfer/turn_row.h"
#include "controller/transfer/window_memory.h"

namespace slipway::transfer {

/// Much memory for one layer at a time, in the order of a TurnRow. Who has it while others wait has it for a time, also
/// when what it waits for does not come. Thread-safe.
class LargeWindow {
  struct State;

 public:
  /// `elapsed` as that of TransferHands.
  LargeWindow(std::size_t bytes, std::function<std::chrono::nanoseconds()> elapsed)
      : memory_(bytes, bytes), elapsed_(std::move(elapsed)) {}

  /// A place in the row, and then the right to the memory. Window and request outlive it.
  class Turn {
   public:
    /// `stay`: how long it has the memory while requests besides its own wait.
    Turn(LargeWindow& window, TurnRow::OfRequest& request, std::chrono::seconds stay);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    /// Waits for it: false when `stop` asked before.
    bool wait(const std::stop_token& stop);
    WindowMemory& memory() const { return window_.memory_; }
    /// Whether to give it back now: it had its time and others wait, or end() was called.
    bool is_over() const;
    /// Asks for the end once it is over, soon after.
    std::stop_token until_over() const { return over_.get_token(); }
    void end() { over_.request_stop(); }

   private:
    bool has_had_its_time(const State& state) const;

    LargeWindow& window_;
    TurnRow::OfRequest& request_;
    const std::chrono::seconds stay_;
    std::stop_source over_;
    bool held_ = false;
  };

 private:
  struct State {
    TurnRow row;
    const Turn* present = nullptr;     ///< The turn that is held.
    std::chrono::nanoseconds began{};  ///< It did.
  };
  WindowMemory memory_;
  const std::function<std::chrono::nanoseconds()> elapsed_;
  runtime::Guarded<State> state_;  ///< Its lock is that of all OfRequest, too.
  std::condition_variable_any moved_;
};

}  // namespace slipway::transfer

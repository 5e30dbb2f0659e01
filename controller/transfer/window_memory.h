#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <stop_token>

#include "controller/runtime/guarded.h"

namespace slipway::transfer {

/// The memory that decompressing zstd layers may take at once, of all who share this object. Nobody waits for it: who
/// gets none comes again later. Thread-safe.
class WindowMemory {
 public:
  /// Of `most` bytes, in pieces of at most `most_of_one`.
  WindowMemory(std::size_t most, std::size_t most_of_one) : most_(most), most_of_one_(most_of_one) {}

  /// False when so much is not left, or is more than one may have.
  bool take(std::size_t bytes);
  void give_back(std::size_t bytes) { taken_ -= bytes; }

 private:
  const std::size_t most_;
  const std::size_t most_of_one_;
  std::atomic<std::size_t> taken_ = 0;
};

/// Much memory for one layer at a time. Thread-safe.
class LargeWindow {
 public:
  explicit LargeWindow(std::size_t bytes) : memory_(bytes, bytes), is_taken_(false) {}

  /// The right to take it, which is waited for: whoever has it needs nothing that others hold up.
  class Turn {
   public:
    /// Not held when `stop` asked.
    Turn(LargeWindow& window, const std::stop_token& stop);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    bool held() const { return held_; }
    WindowMemory& memory() const { return window_.memory_; }

   private:
    LargeWindow& window_;
    bool held_ = false;
  };

 private:
  WindowMemory memory_;
  runtime::Guarded<bool> is_taken_;
  std::condition_variable_any ended_;
};

}  // namespace slipway::transfer

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

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

/// Much memory for one layer at a time. Of the requests that wait for it the one whose last turn is longest ago is
/// next, however many layers another has. Thread-safe.
class LargeWindow {
 public:
  explicit LargeWindow(std::size_t bytes) : memory_(bytes, bytes) {}

  /// When one request had its last turn: the window's own.
  struct OfRequest {
    std::uint64_t last = 0;
  };

  /// A place in the row, and then the right to the memory. Window and request outlive it.
  class Turn {
   public:
    Turn(LargeWindow& window, OfRequest& request);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    /// Waits for it: false when `stop` asked before.
    bool wait(const std::stop_token& stop);
    WindowMemory& memory() const { return window_.memory_; }
    /// Whether others than its request wait meanwhile.
    bool keeps_others_waiting() const;

   private:
    LargeWindow& window_;
    OfRequest& request_;
    bool held_ = false;
  };

 private:
  struct Row {
    bool is_taken = false;
    std::uint64_t turns = 0;
    std::vector<const OfRequest*> waiting;  ///< As they came, one entry a turn.
  };
  WindowMemory memory_;
  runtime::Guarded<Row> row_;  ///< Its lock is that of all OfRequest, too.
  std::condition_variable_any moved_;
};

}  // namespace slipway::transfer

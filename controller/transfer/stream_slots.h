#pragma once

#include <condition_variable>
#include <stop_token>

#include "controller/runtime/guarded.h"

namespace slipway::transfer {

/// How many blobs are under way at once in the process. Nobody's slow sources keep a request from its first.
/// Thread-safe.
class StreamSlots {
 public:
  explicit StreamSlots(int most) : most_(most), taken_(0) {}

  /// How many of them one request has: the slots' own.
  struct OfRequest {
    int taken = 0;
  };

  /// One blob's share of the process: held while it is streamed. Slots and request outlive it.
  class Slot {
   public:
    /// Waits for it: not held when `stop` asked.
    Slot(StreamSlots& slots, OfRequest& request, const std::stop_token& stop);
    ~Slot();
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    bool held() const { return held_; }

   private:
    StreamSlots& slots_;
    OfRequest& request_;
    bool held_ = false;
  };

 private:
  const int most_;
  runtime::Guarded<int> taken_;  ///< Its lock is that of all OfRequest, too.
  std::condition_variable_any given_back_;
};

}  // namespace slipway::transfer

#pragma once

#include <chrono>

namespace slipway::runtime {

/// Whether a descriptor that others read takes PIPE_BUF bytes without making its writer wait. A reader that stops
/// reading is waited for once, for as long as `patience`: after that there is no room until something is read again.
/// One thread at a time.
class RoomToWrite {
 public:
  RoomToWrite(int descriptor, std::chrono::milliseconds patience) : descriptor_(descriptor), patience_(patience) {}
  bool wait();

 private:
  const int descriptor_;
  const std::chrono::milliseconds patience_;
  bool is_given_up_ = false;  ///< The reader, until something is read again.
};

}  // namespace slipway::runtime

#pragma once

#include <chrono>
#include <functional>

#include "controller/runtime/system_clock.h"

namespace slipway::runtime {

/// Whether a descriptor that others read takes PIPE_BUF bytes (a terminal: some) without making its writer wait. Who
/// reads slowly is waited for as long as `patience` in all, which comes back within a minute: with ten seconds a sixth
/// of the time at most, after the first ten. After a wait in vain there is no room until something is read again. One
/// thread at a time.
class RoomToWrite {
 public:
  /// Whether there is room before so much time is over.
  using HasRoom = std::function<bool(std::chrono::milliseconds)>;
  /// Whether the reader may be given up by now. Until then it is waited for, however long that is, and at the expense
  /// of nobody's patience. It is asked again and again.
  using MayGiveUp = std::function<bool()>;

  RoomToWrite(int descriptor, std::chrono::milliseconds patience, MayGiveUp may_give_up = always);
  /// `clock` outlives it; `pause` waits so long.
  RoomToWrite(HasRoom has_room, std::chrono::milliseconds patience, const SteadyClock& clock,
              MayGiveUp may_give_up = always, std::function<void(std::chrono::milliseconds)> pause = sleep);
  bool wait();
  /// To be asked where wait() found room and a write found none: somebody else has it, or a terminal that another
  /// process writes to at the moment. Waits a little, as wait() does; whether to ask wait() again.
  bool was_taken();

  static bool always() { return true; }
  static void sleep(std::chrono::milliseconds time);

 private:
  void take(std::chrono::nanoseconds time);
  void give_back(SteadyClock::Time now);

  const HasRoom has_room_;
  const std::chrono::milliseconds patience_;
  const SteadyClock& clock_;
  const MayGiveUp may_give_up_;
  const std::function<void(std::chrono::milliseconds)> pause_;
  SteadyClock::Time given_back_at_;
  std::chrono::nanoseconds left_;  ///< Of the patience.
  bool is_given_up_ = false;       ///< The reader, until something is read again.
};

}  // namespace slipway::runtime

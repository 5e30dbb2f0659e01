#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "controller/runtime/room_to_write.h"

namespace slipway::runtime {

/// Writes lines to a descriptor that others read, a whole one each time where it fits, so that lines of several
/// processes on one descriptor do not mix. What of a longer one did not get through goes out before the next, or at the
/// end. Lines for which there is no room (see RoomToWrite) are lost, and the next that comes through stands behind one
/// that tells how many; at the end that line alone tells of them, where there is room for it. One thread at a time.
class LineWriter {
 public:
  /// The line that tells of so many, without its end.
  using LineOfLoss = std::function<std::string(std::int64_t lost)>;

  /// `descriptor` is not closed.
  LineWriter(int descriptor, std::chrono::milliseconds patience, LineOfLoss line_of_loss,
             RoomToWrite::MayGiveUp may_give_up = RoomToWrite::always);
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// With its end.
  void write(std::string line);

 private:
  bool pass_on(std::string line);
  bool write_rest();
  void tell_loss();

  const int own_;  ///< Of a terminal, or -1.
  const int descriptor_;
  RoomToWrite room_;
  const LineOfLoss line_of_loss_;
  std::int64_t lost_ = 0;  ///< Lines that nobody was told of.
  std::string rest_;
};

}  // namespace slipway::runtime

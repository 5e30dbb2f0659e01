#pragma once

#include <chrono>
#include <streambuf>
#include <string>

#include "controller/runtime/guarded.h"
#include "controller/runtime/line_writer.h"
#include "controller/runtime/room_to_write.h"

namespace slipway::runtime {

/// What a std::ostream over a descriptor writes by: at each end of a line, and when it is flushed. Whoever reads there
/// is waited for, until they may be given up: from then on it is as LineWriter has it. Thread-safe.
class LineBuffer final : public std::streambuf {
 public:
  /// `descriptor` is not closed.
  LineBuffer(int descriptor, RoomToWrite::MayGiveUp may_give_up,
             std::chrono::milliseconds patience = std::chrono::seconds{10});
  ~LineBuffer() override;

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  Guarded<std::string> begun_;  ///< A line that has no end yet. Whoever holds its lock has the writer, too.
  LineWriter writer_;
};

}  // namespace slipway::runtime

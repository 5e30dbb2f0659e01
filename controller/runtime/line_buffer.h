#pragma once

#include <chrono>
#include <streambuf>
#include <string>

#include "controller/runtime/guarded.h"
#include "controller/runtime/line_writer.h"

namespace slipway::runtime {

/// What a std::ostream over a descriptor writes by: at each end of a line, and when it is flushed. Nobody who writes
/// there waits for long; see LineWriter. Thread-safe.
class LineBuffer final : public std::streambuf {
 public:
  /// `descriptor` is not closed.
  explicit LineBuffer(int descriptor, std::chrono::milliseconds patience = std::chrono::seconds{10});
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

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "controller/http/message.h"

namespace slipway::http {

/// Says when one exchange is too slow: silent for its idle time-out, or below its least rate. Takes the time as it is
/// told. One thread.
class PaceWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;

  PaceWatch(std::chrono::milliseconds idle_timeout, LeastRate least, Time now)
      : idle_timeout_(idle_timeout), least_(least), last_active_(now) {}

  /// Bytes that are out, as far as the kernel took them.
  struct Sent {
    std::int64_t head = 0;
    std::int64_t body = 0;
  };
  /// Whether all of the request is out and it says how long its answer may take: from the first time on nothing counts
  /// but whether the answer is whole by then. Before its head is out there may be no connection yet.
  bool awaits_answer(const Request& request, const Sent& sent, Time now);
  /// Some time passed in waiting for the network, and for nothing else.
  void waited(std::chrono::nanoseconds time) { waited_ += time; }
  /// `bytes` moved so far in both directions; `signs` grows with every other sign of life. What is wrong, if anything.
  std::optional<std::string> judge(Time now, std::int64_t bytes, std::uint64_t signs);
  /// When to judge again if nothing moves. What has no least rate is left alone until its time-out: a controller's
  /// watches are silent nearly always.
  std::chrono::milliseconds until_next_look(Time now) const;

 private:
  /// Until the idle time-out, or the answer's, as things are.
  std::chrono::milliseconds left(Time now) const;

  const std::chrono::milliseconds idle_timeout_;
  const LeastRate least_;
  std::optional<Time> answer_by_;
  Time last_active_;
  std::int64_t bytes_ = 0;
  std::uint64_t signs_ = 0;
  std::int64_t counted_from_ = 0;  ///< Bytes when the stretch that is being measured began.
  std::chrono::nanoseconds waited_{0};
};

}  // namespace slipway::http

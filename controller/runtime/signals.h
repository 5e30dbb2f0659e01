#pragma once

#include <memory>
#include <stop_token>

#include "controller/runtime/nudge.h"

namespace slipway::runtime {

/// From here on a reader of ours that goes is an error of what is written to it, not the end of the process (SIGPIPE).
void outlive_readers();

/// Turns SIGTERM and SIGINT into a stop; a second one ends the process at once with 128 + the signal. Made before any
/// other thread starts, so that none of them takes the signals; at most one at a time.
class Signals {
 public:
  Signals() : Signals(nullptr) {}
  /// SIGHUP nudges `hangup`, which outlives it; null: it ends the process as always.
  explicit Signals(Nudge* hangup);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  std::stop_token stop_token() const;
  /// As at its end signals do again what they did before it was made, so that one ends also who waits in a write for a
  /// reader. By the thread that made it; what received() says from then on.
  int end();
  /// The signal that came, 0 when none did. Thread-safe.
  int received() const;
  /// Whether the process was asked to stop: what received() says of the Signals that there are, or were last.
  /// Thread-safe.
  static bool has_any_come();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::runtime

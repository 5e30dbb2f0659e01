#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "controller/runtime/guarded.h"

namespace slipway::emulator {

/// One request, as it goes: bytes are of bodies alone, counted before they are sent and after they are received, so
/// that a client which has its answer finds it counted.
struct RequestRecord {
  std::string method;  ///< Constant from here to `target`.
  std::string target;
  std::atomic<unsigned> status = 0;  ///< 0: not answered (yet).
  std::atomic<std::uint64_t> bytes_in = 0;
  std::atomic<std::uint64_t> bytes_out = 0;
};

/// What was asked of the registry since the start or the last clear(). Safe from every thread.
class RequestsLog {
 public:
  /// Counted by the connection that serves it; read by whoever prints the log.
  std::shared_ptr<RequestRecord> begin(std::string method, std::string target);
  void count_connection() { ++connections_; }
  /// JSON: totals, counts by method and by status, and with `list` every request in order of arrival.
  std::string to_json(bool list) const;
  void clear();

 private:
  runtime::Guarded<std::deque<std::shared_ptr<RequestRecord>>> records_;
  std::atomic<std::uint64_t> connections_ = 0;
};

}  // namespace slipway::emulator

#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "crds/base/time.h"

namespace slipway::audit {

/// What each namespace put on a log within a day, and which one has to leave the rest of its volume to others: one that
/// would have put more there than is left. So however much one writes, and were it N, as much as the largest of them
/// has stays free. One thread at a time.
class NamespaceShares {
 public:
  /// With less than that left the volume is full for everybody: nobody is held back any more, so that it shows.
  static constexpr std::int64_t kFull = 64 << 10;

  struct Part {
    std::string namespace_name;
    std::int64_t bytes = 0;
    bool must_pass = false;  ///< Is counted, and never held back.
  };
  /// Counts the part where it may be written, with `room` bytes left on the volume. Otherwise what the namespace has
  /// put there within a day. As long as there has been one namespace alone, nothing is held back.
  std::optional<std::int64_t> hold_back(const Part& part, std::int64_t room, Timestamp now);

 private:
  using Hour = std::chrono::sys_time<std::chrono::hours>;

  void forget_before(Hour hour);
  std::int64_t written_by(const std::string& namespace_name) const;

  std::map<std::string, std::map<Hour, std::int64_t>> written_;
  std::optional<std::string> first_;
  bool are_several_ = false;
};

}  // namespace slipway::audit

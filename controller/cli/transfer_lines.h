#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "reconcilers/ports/blob_transfer.h"

namespace slipway::cli {

/// A transfer as it looks over time: how fast it goes, when it may end. One thread at a time.
class TransferMeter {
 public:
  /// `at` never goes back.
  void add(std::chrono::milliseconds at, const TransferProgress& progress);
  /// It is looked at without a reading: when the last one is longer ago than they mostly come apart (1.5 to 10
  /// seconds), or the last byte while a blob waits, nothing moves. `at` as in add().
  void look(std::chrono::milliseconds at);
  bool is_still() const { return is_still_; }

  const TransferProgress& latest() const { return latest_; }
  /// Bytes per second that were moved, smoothed over the last few seconds; 0 until there are two readings. What was
  /// there or was mounted does not count. 0 while nothing moves.
  double rate() const { return is_still_ ? 0 : rate_; }
  /// Absent while the rate is known from less than a second, nothing moves, a blob waits, or nothing is left.
  std::optional<std::chrono::seconds> time_left() const;

 private:
  void sample(double seconds, std::int64_t bytes);

  TransferProgress latest_;
  std::optional<std::chrono::milliseconds> last_at_;
  std::optional<std::chrono::milliseconds> moved_at_;
  std::chrono::milliseconds apart_{0};  ///< The last two readings that moved bytes.
  std::int64_t moved_ = 0;              ///< At `last_at_`.
  double rate_ = 0;
  bool is_still_ = false;
  double sampled_ = 0;  ///< Seconds that the rate is known from, since the start or the last standstill.
};

/// "shop/app  [=====>    ]  412.3 MiB / 1.0 GiB  245.1 MiB/s  3s left  5/8 blobs", cut to `columns`; "waiting" in place
/// of rate and time while nothing moves.
std::string bar_line(const std::string& name, const TransferMeter& meter, std::size_t columns);

/// The same in words, for a pipe: "shop/app: 412.3 MiB of 1.0 GiB (40 %), 245.1 MiB/s, 3s left, 5 of 8 blobs".
std::string plain_line(const std::string& name, const TransferMeter& meter);

}  // namespace slipway::cli

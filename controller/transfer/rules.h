#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>

#include "controller/transfer/image_growth.h"

namespace slipway::transfer {

/// Bounds of everything that is sent by one engine.
struct TransferRules {
  int most_streams = 16;                       ///< Blobs under way at once, over all requests; each may have one.
  std::size_t ring_bytes = 512u << 10;         ///< Between the two ends of one blob.
  std::int64_t at_once_up_to = 128 << 10;      ///< So little is read before it is sent, without a thread of its own.
  std::int64_t whole_up_to = 4 << 20;          ///< Blobs up to this size go up in one request.
  int most_failures = 5;                       ///< In a row without a byte of progress, each end for itself.
  std::int64_t least_per_second = 8 << 10;     ///< Less before a cut, of either end, is no progress.
  std::chrono::milliseconds first_delay{500};  ///< Doubled each time, moved by chance.
  std::chrono::seconds longest_wait{60};       ///< A Retry-After beyond it ends the transfer with that error.
  /// Who sends a blob that others wait for has two such times to gain something; at less than `fair_per_second`, or
  /// when the rest takes longer than `longest_rest` at the pace of that time, they send it themselves. For one blob
  /// they wait for at most `longest_for_others` in all, but for times at `quick_per_second`, or in which the registry
  /// rather than the source held it up: it is sent no faster twice. At less than `good_per_second` that is the bound
  /// for all blobs of a request together, which does not wait again for who sends at less.
  std::chrono::seconds look_after{5};
  std::int64_t fair_per_second = 256 << 10;
  std::int64_t good_per_second = 4 << 20;
  std::int64_t quick_per_second = 16 << 20;
  std::chrono::seconds longest_rest{20};
  std::chrono::seconds longest_for_others{30};
  std::size_t streamed_windows = 96u << 20;  ///< Memory of all zstd layers that are checked as they are streamed.
  std::size_t largest_streamed = 9u << 20;   ///< Of it for one: a window of 8 MiB, which RFC 8878 asks of readers.
  std::size_t largest_window = 136u << 20;   ///< For one that is checked by itself: a window of 128 MiB.
  /// Who has that while others wait gives it back after such a time and comes again, to have it for twice as long; for
  /// `longest_turn` at most. After `most_turns` of one layer it is left to the next attempt.
  std::chrono::seconds first_turn{20};
  std::chrono::seconds longest_turn{320};
  int most_turns = 5;
  /// Of what all layers of one request that are checked unpack to: 64 GiB, more of what is compressed no better than
  /// gzip.
  GrowthBounds image_growth{.always_allowed = std::int64_t{64} << 30};
  std::size_t most_known_blobs = 20'000;  ///< Whose places are remembered for mounting; and layers found right.
};

/// Whether an end that was waited for so long, before it cut, gained enough in that time to be asked again as if it had
/// never failed. With `most_failures` it bounds a blob: what drips slower ends within most_failures + 1 requests, what
/// is faster takes at most the time that its size takes at this pace, and those.
inline bool is_progress(const TransferRules& rules, std::int64_t bytes, std::chrono::nanoseconds waited) {
  return bytes > std::chrono::floor<std::chrono::seconds>(waited).count() * rules.least_per_second;
}

/// What the world gives a transfer, so that tests need neither clock nor luck. Each is thread-safe.
struct TransferHands {
  /// Waits, or returns early with false when `stop` asks.
  std::function<bool(std::chrono::milliseconds, std::stop_token)> wait;
  /// A number in [0, 1).
  std::function<double()> chance;
  /// Time since some fixed moment; never goes back.
  std::function<std::chrono::nanoseconds()> elapsed;
};

}  // namespace slipway::transfer

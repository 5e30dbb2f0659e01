#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "controller/runtime/guarded.h"
#include "controller/transfer/rules.h"

namespace slipway::transfer {

/// Lets bytes pass at a rate (a token bucket that holds a quarter of a second), whoever sends them. Of several limits
/// the slowest counts. Thread-safe.
class RateLimit {
 public:
  explicit RateLimit(const TransferHands& hands) : hands_(hands) {}

  /// A limit that holds as long as this lives; absent: none. The limiter outlives it.
  class Hold {
   public:
    Hold(RateLimit& limiter, std::optional<std::int64_t> bytes_per_second);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    RateLimit& limiter_;
    const std::optional<std::int64_t> rate_;
  };

  /// How many of `bytes` are to be passed at once: what takes a second at most, so that who sends shows that it goes
  /// on.
  std::size_t piece_of(std::size_t bytes) const;
  /// Waits until `bytes` more may pass. False when `stop` asks.
  bool pass(std::size_t bytes, const std::stop_token& stop);

 private:
  struct State {
    std::multiset<std::int64_t> rates;
    std::chrono::nanoseconds free_at{0};  ///< When everything let through so far has passed at this rate.
  };
  const TransferHands& hands_;
  runtime::Guarded<State> state_;
};

/// The limits of all hosts, one for each that was asked for. Thread-safe.
class RateLimits {
 public:
  explicit RateLimits(const TransferHands& hands) : hands_(hands) {}

  /// Lives as long as this.
  RateLimit& of(const std::string& host);

 private:
  const TransferHands& hands_;
  runtime::Guarded<std::map<std::string, std::unique_ptr<RateLimit>>> limits_;
};

}  // namespace slipway::transfer

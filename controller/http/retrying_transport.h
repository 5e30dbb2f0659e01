#pragma once

#include <chrono>
#include <functional>

#include "controller/http/transport.h"

namespace slipway::http {

struct RetryRules {
  int most_attempts = 4;
  std::chrono::milliseconds first_delay{200};  ///< Doubled each time, plus up to half of it by chance.
  std::chrono::seconds longest_wait{10};       ///< A longer Retry-After is the caller's business.
  std::chrono::seconds longest_attempt{8};     ///< What failed after more than that is no matter of seconds.
};

/// What the world gives a retry, so that tests need neither.
struct RetryHands {
  /// Waits, or returns early with false when `stop` asks.
  std::function<bool(std::chrono::milliseconds, std::stop_token)> wait;
  /// A number in [0, 1).
  std::function<double()> chance;
  /// Time since some fixed moment; never goes back. Null: however long an attempt took, it may be repeated.
  std::function<std::chrono::nanoseconds()> elapsed = nullptr;
};

/// Repeats what the same request can cure within seconds: no answer, 429 and 503, 500, 502, 504. Only GET, HEAD, and
/// DELETE and PUT of a body in memory are repeated, except that 429 did nothing and so repeats POST and PATCH too. A
/// body that is streamed in or out is never repeated, nor a request that is `only_once`. As thread-safe as `next` and
/// the hands.
class RetryingTransport final : public HttpTransport {
 public:
  RetryingTransport(HttpTransport& next, RetryRules rules, RetryHands hands);
  Result<Response> send(const Request& request, std::stop_token stop) override;

 private:
  struct Attempt {
    int number = 1;
    std::chrono::nanoseconds took{};
  };
  /// Until the next one; nothing when this was the last.
  std::optional<std::chrono::milliseconds> delay_after(const Request& request, const Result<Response>& result,
                                                       const Attempt& attempt) const;
  std::chrono::nanoseconds elapsed() const { return hands_.elapsed ? hands_.elapsed() : std::chrono::nanoseconds{0}; }

  HttpTransport& next_;
  RetryRules rules_;
  RetryHands hands_;
};

/// What any server's word on when to come back counts for at most: it may be a slip, or meant to keep us away.
inline constexpr std::chrono::seconds kLongestRetryAfter = std::chrono::hours{1};

/// Retry-After (RFC 9110, 10.2.3): seconds, or a date, which is counted from the answer's own Date, because the clocks
/// of two machines differ; kLongestRetryAfter at most. Absent for what is neither, and for a date without Date.
std::optional<std::chrono::seconds> retry_after(const Headers& headers);

}  // namespace slipway::http

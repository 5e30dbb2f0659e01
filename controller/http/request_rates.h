#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/http/transport.h"
#include "controller/runtime/guarded.h"

namespace slipway::http {

/// What the world gives whoever waits. Thread-safe.
struct WaitingHands {
  /// Waits, or returns early with false when `stop` asks.
  std::function<bool(std::chrono::milliseconds, std::stop_token)> wait;
  /// Time since some fixed moment; never goes back.
  std::function<std::chrono::nanoseconds()> elapsed;
};

/// How many requests a second each host gets from this process, whoever sends them: evenly spaced, after a pause up to
/// a quarter of a second's worth at once. Hosts are as Url::endpoint() names them. Thread-safe.
class RequestRates {
 public:
  explicit RequestRates(WaitingHands hands) : hands_(std::move(hands)) {}

  /// Absent: no limit.
  void set(const std::string& host, std::optional<std::int64_t> per_second);
  /// Waits for the host's next turn. False when `stop` asks.
  bool pass(const std::string& host, const std::stop_token& stop);
  /// Takes the host's turn if that is now; else false, and the turn stays with the others.
  bool pass_at_once(const std::string& host);

 private:
  /// How long until the turn, which is taken unless that is longer than `longest`.
  std::chrono::nanoseconds take_turn(const std::string& host, std::chrono::nanoseconds longest);

  struct Rate {
    std::int64_t per_second = 1;
    std::chrono::nanoseconds free_at{0};  ///< When the next request may go.
  };
  const WaitingHands hands_;
  runtime::Guarded<std::map<std::string, Rate>> rates_;
};

/// Holds each request back until its host's rate lets it pass. Cancelled when stopped meanwhile, and at once for what
/// is `now_or_never`.
class RateLimitingTransport final : public HttpTransport {
 public:
  RateLimitingTransport(HttpTransport& next, RequestRates& rates) : next_(next), rates_(rates) {}
  Result<Response> send(const Request& request, std::stop_token stop) override;

 private:
  HttpTransport& next_;
  RequestRates& rates_;
};

}  // namespace slipway::http

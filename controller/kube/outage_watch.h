#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

#include "controller/http/transport.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"

namespace slipway::kube {

/// Passes requests on, and tells when the API server answers again, whatever it says, after some seconds in which it
/// answered nothing. One request without an answer among others that have one is no outage. An answer that is streamed
/// counts from its first line. Thread-safe.
class OutageWatch final : public http::HttpTransport {
 public:
  /// What is over sooner, no back-off has grown long in.
  static constexpr std::chrono::seconds kShortestOutage{3};

  /// `next` and `clock` outlive it. `is_over` is called on the thread of the request that was answered.
  OutageWatch(http::HttpTransport& next, const runtime::SteadyClock& clock, std::function<void()> is_over)
      : next_(next), clock_(clock), is_over_(std::move(is_over)) {}

  Result<http::Response> send(const http::Request& request, std::stop_token stop) override;

 private:
  using Time = runtime::SteadyClock::Time;
  struct State {
    std::optional<Time> answered;    ///< The last time.
    std::optional<Time> away_since;  ///< Nothing was answered after that.
  };
  void answered();
  void not_answered(Time sent);

  http::HttpTransport& next_;
  const runtime::SteadyClock& clock_;
  const std::function<void()> is_over_;
  runtime::Guarded<State> state_;
};

}  // namespace slipway::kube

#pragma once

#include <atomic>
#include <functional>
#include <stop_token>

#include "controller/http/transport.h"

namespace slipway::kube {

/// Passes requests on, and tells when the API server answers again, whatever it says, after a request that it did not
/// answer at all. An answer that is streamed counts from its first line. Thread-safe.
class OutageWatch final : public http::HttpTransport {
 public:
  /// `next` outlives it. `is_over` is called on the thread of the request that was answered.
  OutageWatch(http::HttpTransport& next, std::function<void()> is_over) : next_(next), is_over_(std::move(is_over)) {}

  Result<http::Response> send(const http::Request& request, std::stop_token stop) override;

 private:
  void answered();

  http::HttpTransport& next_;
  const std::function<void()> is_over_;
  std::atomic<bool> is_away_ = false;
};

}  // namespace slipway::kube

#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "controller/http/transport.h"

namespace slipway::http {

/// The header that names a reconcile to a server.
inline constexpr std::string_view kRequestId = "X-Request-Id";

/// One request that went over the network and what came of it. Nothing in it is a secret.
struct RequestSeen {
  Method method = Method::Get;
  std::string host;                 ///< With the port where one was written.
  std::string url;                  ///< Without query.
  int status = 0;                   ///< 0: no answer.
  std::chrono::nanoseconds took{};  ///< Until the whole answer was there.
  std::string failure;              ///< Why there was no answer.
  bool was_stopped = false;         ///< There was none because whoever asked did not want it any more.
  std::string request_id;           ///< What the server was told.
  std::string correlation_id;       ///< What the server calls it; empty: nothing.
};

/// One request that is about to go over the network.
struct RequestBegan {
  std::string host;        ///< As in RequestSeen.
  std::string request_id;  ///< What the server is told; may be empty.
};

/// Told of every request; thread-safe, returns at once, never fails. For metrics and debug lines.
using RequestObserver = std::function<void(const RequestSeen&)>;

struct TracingHands {
  /// As the observer, which is told of the end of each; null: nobody asks.
  std::function<void(const RequestBegan&)> began = nullptr;
  RequestObserver observer;
  /// The id of the reconcile that the calling thread is in; may be empty.
  std::function<std::string()> reconcile_id;
  /// Time since some fixed moment; never goes back.
  std::function<std::chrono::nanoseconds()> elapsed;
};

/// The lowest stage: tells of each attempt, and names the reconcile to the server in X-Request-Id, unless the request
/// names one itself. As thread-safe as `next` and the hands.
class TracingTransport final : public HttpTransport {
 public:
  TracingTransport(HttpTransport& next, TracingHands hands);
  Result<Response> send(const Request& request, std::stop_token stop) override;

 private:
  HttpTransport& next_;
  const TracingHands hands_;
};

}  // namespace slipway::http

#pragma once

#include <stop_token>

#include "controller/http/message.h"

namespace slipway::http {

/// The only door to the network. One request, one answer, no redirects, no retries. Thread-safe; connections are kept
/// and reused. Unavailable when there is no (whole) answer, Cancelled when `stop` asks, Integrity for an answer over
/// its bound. A server's early answer (429, 404) to a body that is still going out is returned, not lost.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  virtual Result<Response> send(const Request& request, std::stop_token stop) = 0;
};

}  // namespace slipway::http

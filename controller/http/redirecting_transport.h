#pragma once

#include <functional>
#include <string_view>

#include "controller/http/transport.h"

namespace slipway::http {

/// Whether who asks the host `from` may be sent to the host `to`, both with port where one is written; see
/// reconcilers/address_rules.h. Thread-safe.
using HostRule = std::function<Result<void>(std::string_view from, std::string_view to)>;

/// Follows redirects of GET and HEAD by our own rules, so that no library takes credentials along: at most 5 hops,
/// http and https only, never from https down to http, no circle, no other host that `may_call` refuses. Authorization
/// goes only to the scheme, host and port it was written for, and never comes back once it was dropped. Other methods
/// and 3xx without Location are returned as they are. Response::answered_by names who answered after a redirect. As
/// thread-safe as `next`.
class RedirectingTransport final : public HttpTransport {
 public:
  RedirectingTransport(HttpTransport& next, HostRule may_call);
  Result<Response> send(const Request& request, std::stop_token stop) override;

 private:
  HttpTransport& next_;
  HostRule may_call_;
};

}  // namespace slipway::http

#include "controller/kube/outage_watch.h"

#include <utility>

namespace slipway::kube {

Result<http::Response> OutageWatch::send(const http::Request& request, std::stop_token stop) {
  bool has_answered = false;
  const auto pass_on = [&]() {
    if (!request.on_headers) return next_.send(request, std::move(stop));
    http::Request watched = request;
    watched.on_headers = [&](int status, const http::Headers& headers) {
      has_answered = true;
      answered();
      return request.on_headers(status, headers);
    };
    return next_.send(watched, std::move(stop));
  };
  auto response = pass_on();
  if (response)
    answered();
  else if (!has_answered && response.error().cls == ErrorClass::Unavailable)
    is_away_ = true;
  return response;
}

void OutageWatch::answered() {
  if (is_away_.exchange(false)) is_over_();
}

}  // namespace slipway::kube

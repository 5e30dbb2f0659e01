#include "controller/kube/outage_watch.h"

#include <algorithm>
#include <utility>

namespace slipway::kube {

Result<http::Response> OutageWatch::send(const http::Request& request, std::stop_token stop) {
  const Time sent = clock_.now();
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
    not_answered(sent);
  return response;
}

void OutageWatch::answered() {
  const Time now = clock_.now();
  const auto away_since = [&] {
    const auto state = state_.lock();
    state->answered = now;
    return std::exchange(state->away_since, std::nullopt);
  }();
  if (away_since && now - *away_since >= kShortestOutage) is_over_();
}

void OutageWatch::not_answered(Time sent) {
  const auto state = state_.lock();
  if (!state->away_since) state->away_since = std::max(sent, state->answered.value_or(sent));
}

}  // namespace slipway::kube

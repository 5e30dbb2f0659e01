#include "controller/http/request_rates.h"

#include <algorithm>

#include "controller/http/url.h"
#include "controller/http/waited_here.h"

namespace slipway::http {

void RequestRates::set(const std::string& host, std::optional<std::int64_t> per_second) {
  auto rates = rates_.lock();
  if (!per_second) {
    rates->erase(host);
    return;
  }
  (*rates)[host].per_second = std::max<std::int64_t>(1, *per_second);
}

bool RequestRates::pass(const std::string& host, const std::stop_token& stop) {
  const std::chrono::nanoseconds turn = take_turn(host, std::chrono::nanoseconds::max());
  if (turn.count() <= 0) return true;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(turn);
  waited_here() += wait;
  return hands_.wait(wait, stop);
}

bool RequestRates::pass_at_once(const std::string& host) {
  return take_turn(host, std::chrono::nanoseconds(0)).count() <= 0;
}

std::chrono::nanoseconds RequestRates::take_turn(const std::string& host, std::chrono::nanoseconds longest) {
  constexpr std::chrono::milliseconds kBurst{250};
  auto rates = rates_.lock();
  const auto found = rates->find(host);
  if (found == rates->end()) return {};
  Rate& rate = found->second;
  const std::chrono::nanoseconds now = hands_.elapsed();
  rate.free_at = std::max<std::chrono::nanoseconds>(rate.free_at, now - kBurst);
  const std::chrono::nanoseconds wait = rate.free_at - now;
  if (wait <= longest) rate.free_at += std::chrono::nanoseconds(std::chrono::seconds(1)) / rate.per_second;
  return wait;
}

Result<Response> RateLimitingTransport::send(const Request& request, std::stop_token stop) {
  const Result<Url> url = Url::parse(request.url);
  if (!url) return std::unexpected(url.error());
  const std::string host = url->endpoint();
  const bool passes = request.now_or_never ? rates_.pass_at_once(host) : rates_.pass(host, stop);
  if (!passes) return fail(ErrorClass::Cancelled, redacted(request.url) + ": stopped while waiting for its turn");
  return next_.send(request, std::move(stop));
}

}  // namespace slipway::http

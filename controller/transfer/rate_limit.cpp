#include "controller/transfer/rate_limit.h"

#include <algorithm>

namespace slipway::transfer {

RateLimit::Hold::Hold(RateLimit& limiter, std::optional<std::int64_t> bytes_per_second)
    : limiter_(limiter),
      rate_(bytes_per_second ? std::optional(std::max<std::int64_t>(*bytes_per_second, 1)) : std::nullopt) {
  if (rate_) limiter_.state_.lock()->rates.insert(*rate_);
}

RateLimit::Hold::~Hold() {
  if (!rate_) return;
  auto state = limiter_.state_.lock();
  state->rates.erase(state->rates.find(*rate_));
}

std::size_t RateLimit::piece_of(std::size_t bytes) const {
  const auto state = state_.lock();
  return state->rates.empty() ? bytes : std::min(bytes, static_cast<std::size_t>(*state->rates.begin()));
}

bool RateLimit::pass(std::size_t bytes, const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kBurst{250};
  std::chrono::nanoseconds wait{0};
  {
    auto state = state_.lock();
    if (state->rates.empty()) return true;
    const std::chrono::nanoseconds now = hands_.elapsed();
    state->free_at = std::max<std::chrono::nanoseconds>(state->free_at, now - kBurst);
    wait = state->free_at - now;
    const double seconds = static_cast<double>(bytes) / static_cast<double>(*state->rates.begin());
    state->free_at += std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
  }
  if (wait.count() <= 0) return true;
  return hands_.wait(std::chrono::ceil<std::chrono::milliseconds>(wait), stop);
}

RateLimit& RateLimits::of(const std::string& host) {
  auto limits = limits_.lock();
  std::unique_ptr<RateLimit>& limit = (*limits)[host];
  if (!limit) limit = std::make_unique<RateLimit>(hands_);
  return *limit;
}

}  // namespace slipway::transfer

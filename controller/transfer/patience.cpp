#include "controller/transfer/patience.h"

#include "controller/runtime/backoff.h"

namespace slipway::transfer {

bool Patience::again(const Error& error, const std::stop_token& stop) {
  constexpr int kMostInAll = 1000;
  if (error.cls != ErrorClass::Unavailable && error.cls != ErrorClass::Throttled) return false;
  if (error.retry_after && *error.retry_after > rules_.longest_wait) return false;
  if (++failures_ > rules_.most_failures || ++total_ > kMostInAll) return false;
  const runtime::BackoffLimits limits{.first = rules_.first_delay, .longest = rules_.longest_wait};
  return hands_.wait(runtime::backoff(limits, static_cast<unsigned>(failures_), hands_.chance(), error.retry_after),
                     stop);
}

}  // namespace slipway::transfer

#include "controller/transfer/patience.h"

#include "controller/runtime/backoff.h"
#include "crds/base/error_class.h"
#include "reconcilers/reasons.h"

namespace slipway::transfer {

Patience::Answer Patience::again(const Error& error, const std::stop_token& stop) {
  constexpr int kMostInAll = 1000;
  // Others ask a silent host: who waits for that waits elsewhere.
  if (!is_passing(error.cls) || error.reason == reason::kHostSilent) return Answer::Spent;
  if (stop.stop_requested()) return Answer::Stopped;
  if (error.retry_after && *error.retry_after > rules_.longest_wait) return Answer::Spent;
  if (++failures_ > rules_.most_failures || ++total_ > kMostInAll) return Answer::Spent;
  const runtime::BackoffLimits limits{.first = rules_.first_delay, .longest = rules_.longest_wait};
  const auto delay = runtime::backoff(limits, static_cast<unsigned>(failures_), hands_.chance(), error.retry_after);
  if (waits_) waits_(delay, error);
  return hands_.wait(delay, stop) ? Answer::Again : Answer::Stopped;
}

std::string while_waiting(const Digest& layer, std::chrono::milliseconds delay, const Error& error) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(delay).count();
  return "layer " + layer.short_hex() + ": waiting " + std::to_string(seconds) + " s: " + error.message;
}

}  // namespace slipway::transfer

#include "controller/http/pace_watch.h"

#include <algorithm>

namespace slipway::http {

bool PaceWatch::awaits_answer(const Request& request, const Sent& sent, Time now) {
  const bool is_body_out = !request.body_reader || (request.body_length && sent.body >= *request.body_length);
  if (!answer_by_ && request.answer_wait && sent.head > 0 && is_body_out)
    answer_by_ = now + request.answer_wait->longest;
  return answer_by_.has_value();
}

std::optional<std::string> PaceWatch::judge(Time now, std::int64_t bytes, std::uint64_t signs) {
  if (bytes != bytes_ || signs != signs_) last_active_ = now;
  bytes_ = bytes;
  signs_ = signs;
  if (answer_by_) return now < *answer_by_ ? std::nullopt : std::optional<std::string>("no answer in time");
  if (left(now).count() <= 0) return "no byte for " + std::to_string(idle_timeout_.count()) + " ms";
  if (waited_ < least_.over) return std::nullopt;
  if (bytes - counted_from_ < least_.bytes)
    return "fewer than " + std::to_string(least_.bytes) + " bytes in " + std::to_string(least_.over.count()) + " ms";
  counted_from_ = bytes;
  waited_ = {};
  return std::nullopt;
}

std::chrono::milliseconds PaceWatch::until_next_look(Time now) const {
  constexpr std::chrono::milliseconds kRateSeenEvery{1000};
  const std::chrono::milliseconds out_of_time = left(now) + std::chrono::milliseconds{1};
  return least_.bytes == 0 ? out_of_time : std::min(out_of_time, kRateSeenEvery);
}

std::chrono::milliseconds PaceWatch::left(Time now) const {
  return std::chrono::ceil<std::chrono::milliseconds>(answer_by_.value_or(last_active_ + idle_timeout_) - now);
}

}  // namespace slipway::http

#include "controller/http/pace_watch.h"

namespace slipway::http {

std::optional<std::string> PaceWatch::judge(Time now, std::int64_t bytes, std::uint64_t signs) {
  if (bytes != bytes_ || signs != signs_) last_active_ = now;
  bytes_ = bytes;
  signs_ = signs;
  if (left(now).count() <= 0) return "no byte for " + std::to_string(idle_timeout_.count()) + " ms";
  if (waited_ < least_.over) return std::nullopt;
  if (bytes - counted_from_ < least_.bytes)
    return "fewer than " + std::to_string(least_.bytes) + " bytes in " + std::to_string(least_.over.count()) + " ms";
  counted_from_ = bytes;
  waited_ = {};
  return std::nullopt;
}

std::chrono::milliseconds PaceWatch::left(Time now) const {
  return std::chrono::ceil<std::chrono::milliseconds>(last_active_ + idle_timeout_ - now);
}

}  // namespace slipway::http

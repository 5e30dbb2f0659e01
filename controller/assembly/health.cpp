#include "controller/assembly/health.h"

namespace slipway::assembly {

std::string in_minutes(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::floor<std::chrono::minutes>(time).count()) + " minutes";
}

std::optional<std::string> why_not_alive(const HealthFacts& facts) {
  if (facts.is_stopping) return std::nullopt;
  if (facts.work_silent_for > kLongestSilenceOfWork)
    return "there is work, and nothing has moved for " + in_minutes(facts.work_silent_for);
  return facts.is_lost;
}

std::optional<std::string> why_not_ready(const HealthFacts& facts) {
  if (facts.is_stopping) return "it is stopping";
  return facts.cannot_work;
}

}  // namespace slipway::assembly

#include "controller/standalone/health.h"

namespace slipway::standalone {

namespace {

std::string in_minutes(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::floor<std::chrono::minutes>(time).count()) + " minutes";
}

}  // namespace

std::optional<std::string> why_not_alive(const HealthFacts& facts) {
  if (facts.is_stopping) return std::nullopt;
  if (facts.work_silent_for > kLongestSilenceOfWork)
    return "there is work, and nothing has moved for " + in_minutes(facts.work_silent_for);
  if (facts.folder_silent_for > kLongestSilenceOfFolder)
    return "the folder has not been looked at for " + in_minutes(facts.folder_silent_for);
  if (facts.state_was_replaced) return "the state database was removed or replaced while it was open";
  return std::nullopt;
}

std::optional<std::string> why_not_ready(const HealthFacts& facts) {
  if (facts.is_stopping) return "it is stopping";
  if (!facts.has_read && !facts.folder_failure) return "the folder has not been read yet";
  if (facts.folder_failure) return "the folder can't be read: " + facts.folder_failure->message;
  if (facts.write_failure) return "the state can't be written: " + facts.write_failure->message;
  return std::nullopt;
}

}  // namespace slipway::standalone

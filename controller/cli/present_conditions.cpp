#include "controller/cli/present_conditions.h"

#include <algorithm>
#include <optional>
#include <string>

#include "reconcilers/readiness.h"

namespace slipway::cli {

namespace {

/// "generation 3 was not looked at yet; generation 2: True Succeeded: published …".
std::string pending_message(const Condition& ready, std::int64_t now) {
  return "generation " + std::to_string(now) + " was not looked at yet; generation " +
         std::to_string(ready.observed_generation) + ": " + ready.status + ' ' + ready.reason +
         (ready.message.empty() ? "" : ": ") + ready.message;
}

/// The Ready of work that nothing came of yet.
std::optional<Condition> ready_in_progress(const Conditions& conditions, std::int64_t now) {
  const Condition* progress = find_condition(conditions, kReconciling);
  if (progress == nullptr || progress->status != "True" || progress->observed_generation != now) return std::nullopt;
  Condition ready = *progress;
  ready.type = kReady;
  ready.status = "Unknown";
  return ready;
}

}  // namespace

Conditions present_conditions(Conditions conditions, const Generations& generations) {
  const bool is_old = generations.observed < generations.now;
  const auto ready = std::ranges::find(conditions, kReady, &Condition::type);
  if (ready != conditions.end() && !is_old) return conditions;
  if (auto shown = ready_in_progress(conditions, generations.now)) {
    set_condition(conditions, *shown);
    return conditions;
  }
  if (ready == conditions.end()) return conditions;
  ready->message = pending_message(*ready, generations.now);
  ready->status = "Unknown";
  ready->reason = "Pending";
  ready->observed_generation = generations.now;
  return conditions;
}

}  // namespace slipway::cli

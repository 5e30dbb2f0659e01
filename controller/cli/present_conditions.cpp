#include "controller/cli/present_conditions.h"

#include <algorithm>
#include <optional>
#include <string>

#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"

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

/// What a process said that is there no more.
void show_as_left(Conditions& conditions) {
  const auto progress = std::ranges::find(conditions, kReconciling, &Condition::type);
  if (progress == conditions.end() || progress->status != "True") return;
  if (progress->reason == reason::kProgressing) progress->reason = "Interrupted";
  progress->message =
      "no slipway is at work on it now; slipway publish or run goes on with it; last: " + progress->message;
}

}  // namespace

Conditions present_conditions(Conditions conditions, const Looked& looked) {
  if (!looked.is_somebody_at_work) show_as_left(conditions);
  const bool is_old = looked.observed < looked.generation;
  const auto ready = std::ranges::find(conditions, kReady, &Condition::type);
  if (ready != conditions.end() && !is_old) return conditions;
  if (auto shown = ready_in_progress(conditions, looked.generation)) {
    set_condition(conditions, *shown);
    return conditions;
  }
  if (ready == conditions.end()) return conditions;
  ready->message = pending_message(*ready, looked.generation);
  ready->status = "Unknown";
  ready->reason = "Pending";
  ready->observed_generation = looked.generation;
  return conditions;
}

}  // namespace slipway::cli

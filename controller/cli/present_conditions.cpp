#include "controller/cli/present_conditions.h"

#include <algorithm>
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

/// What is being done for the generation of now, while it is.
const Condition* work_on(const Conditions& conditions, std::int64_t generation) {
  const Condition* work = find_condition(conditions, kReconciling);
  return work && work->observed_generation == generation ? work : nullptr;
}

}  // namespace

Conditions present_conditions(Conditions conditions, const Generations& generations) {
  if (generations.observed >= generations.now) return conditions;
  const auto ready = std::ranges::find(conditions, kReady, &Condition::type);
  if (ready == conditions.end()) return conditions;
  const Condition* work = work_on(conditions, generations.now);
  ready->message = work ? work->message : pending_message(*ready, generations.now);
  ready->reason = work ? work->reason : "Pending";
  ready->status = "Unknown";
  ready->observed_generation = generations.now;
  return conditions;
}

}  // namespace slipway::cli

#include "reconcilers/prune/status.h"

#include "reconcilers/observed.h"
#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"

namespace slipway::prune {

namespace {

Readiness not_carried_out() {
  return {.kind = Readiness::Kind::Stalled,
          .reason = std::string(reason::kNotSupported),
          .message =
              "this version does not prune; nothing is deleted: set spec.mode: Preview, or use a version that prunes"};
}

Readiness checked() {
  return {.kind = Readiness::Kind::Ready,
          .reason = std::string(reason::kSucceeded),
          .message = "the policy is valid; nothing is deleted, and this version shows no preview"};
}

}  // namespace

Judgement judge(const RetentionPolicy& object, const Result<void>& admitted, Timestamp now) {
  RetentionPolicy next = object;
  mark_observed(next);
  Conditions& conditions = next.status.conditions;
  const ConditionStamp stamp{.generation = object.metadata.generation, .now = now};
  if (object.spec.mode == RetentionMode::Enforce) {
    remove_condition(conditions, kUnsupported);
    apply_readiness(conditions, not_carried_out(), stamp);
    return {.status = next.status, .outcome = {.kind = Outcome::Kind::Stalled, .delay = std::nullopt}};
  }
  set_condition(
      conditions,
      make_condition(kUnsupported, true, reason::kNotSupported,
                     "spec.rules: this version does not say what would be deleted, and deletes nothing", stamp));
  const Outcome outcome = admitted ? Outcome{} : outcome_of(admitted.error(), {.attempt_started_at = now}, now);
  apply_readiness(conditions, admitted ? checked() : readiness_of(admitted.error(), outcome), stamp);
  return {.status = next.status, .outcome = outcome};
}

}  // namespace slipway::prune

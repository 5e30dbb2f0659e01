#include "reconcilers/prune/status.h"

#include "reconcilers/observed.h"
#include "reconcilers/reasons.h"

namespace slipway::prune {

namespace {

Readiness stalled() {
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

RetentionPolicyStatus status_of(const RetentionPolicy& object, Timestamp now) {
  RetentionPolicy next = object;
  mark_observed(next);
  Conditions& conditions = next.status.conditions;
  const ConditionStamp stamp{.generation = object.metadata.generation, .now = now};
  const bool enforces = object.spec.mode == RetentionMode::Enforce;
  if (enforces)
    remove_condition(conditions, kUnsupported);
  else
    set_condition(
        conditions,
        make_condition(kUnsupported, true, reason::kNotSupported,
                       "spec.rules: this version does not say what would be deleted, and deletes nothing", stamp));
  apply_readiness(conditions, enforces ? stalled() : checked(), stamp);
  return next.status;
}

}  // namespace slipway::prune

#include "reconcilers/prune/status.h"

#include "reconcilers/observed.h"
#include "reconcilers/reasons.h"

namespace slipway::prune {

RetentionPolicyStatus status_of(const RetentionPolicy& object, Timestamp now) {
  RetentionPolicy next = object;
  mark_observed(next);
  const Readiness readiness{.kind = Readiness::Kind::Stalled,
                            .reason = std::string(reason::kNotSupported),
                            .message =
                                "this version does not prune; nothing is deleted: use a version that prunes, or "
                                "set spec.suspend: true until then"};
  apply_readiness(next.status.conditions, readiness, {.generation = object.metadata.generation, .now = now});
  return next.status;
}

}  // namespace slipway::prune

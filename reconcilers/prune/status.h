#pragma once

#include "crds/base/result.h"
#include "crds/v1alpha1/retention_policy.h"
#include "reconcilers/outcome.h"

namespace slipway::prune {

struct Judgement {
  RetentionPolicyStatus status;
  Outcome outcome;
};

/// What becomes of a policy in a version that does not prune. One that enforces: Ready False and Stalled, reason
/// NotSupported. One in Preview would only show: the condition Unsupported says that it does not, and Ready is True if
/// it is admitted. Pure.
Judgement judge(const RetentionPolicy& object, const Result<void>& admitted, Timestamp now);

}  // namespace slipway::prune

#pragma once

#include "crds/v1alpha1/retention_policy.h"

namespace slipway::prune {

/// The status of a policy in a version that does not prune: Ready False and Stalled, reason NotSupported. Pure.
RetentionPolicyStatus status_of(const RetentionPolicy& object, Timestamp now);

}  // namespace slipway::prune

#pragma once

#include <string_view>

#include "crds/v1alpha1/retention_policy.h"

namespace slipway::prune {

inline constexpr std::string_view kUnsupported = "Unsupported";

/// The status of a policy in a version that does not prune. One that enforces: Ready False and Stalled, reason
/// NotSupported. One in Preview would only show: Ready True, and the condition Unsupported says that it does not. Pure.
RetentionPolicyStatus status_of(const RetentionPolicy& object, Timestamp now);

}  // namespace slipway::prune

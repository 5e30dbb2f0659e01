#pragma once

#include "crds/base/result.h"
#include "crds/v1alpha1/retention_policy.h"
#include "reconcilers/ports/object_store.h"

namespace slipway::prune {

/// Whether the namespace of the policy may read every repository that it could name. Forbidden shows the first of its
/// patterns that no access entry covers as a whole, and the entry that is needed; a registry that is not there looks
/// the same.
Result<void> admit(const RetentionPolicy& policy, ObjectReader& reader);

}  // namespace slipway::prune

#pragma once

#include <optional>

#include "crds/base/result.h"
#include "crds/base/time.h"
#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/publish/observation.h"
#include "reconcilers/publish/tag_order.h"

namespace slipway::publish {

/// Whether its `until` is over.
bool rollback_is_over(const Rollback& rollback, Timestamp now);

/// Why moving tags can't go to what spec.rollback names, or nothing: it must be
/// there (NotFound), and this object must have published it for this
/// environment (Refused).
std::optional<Error> rollback_fault(const ImagePublication& publication, const Observation& seen,
                                    const TagPublisher& publisher);

}  // namespace slipway::publish

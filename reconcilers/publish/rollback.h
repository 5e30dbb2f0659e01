#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crds/base/result.h"
#include "crds/base/time.h"
#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/publish/observation.h"
#include "reconcilers/publish/plan.h"
#include "reconcilers/publish/tag_order.h"

namespace slipway::publish {

/// Whether its `until` is over.
bool rollback_is_over(const Rollback& rollback, Timestamp now);

/// Whether it was finished as a rollback: some tag was given another digest than the image's.
bool follows_rollback(const PublishedStatus& published);

inline constexpr const char* kRollbackEndedWords =
    "rollback.until is over: moving tags go on with the next publication, or when rollback is removed";

/// Why spec.rollback takes none of the tags back, as decided; empty: it does, or is over, or there is none.
std::string idle_rollback(const ImagePublicationSpec& spec, const std::vector<TagDecision>& tags, Timestamp now);

/// What a plan says of spec.rollback beside its steps: which tags are rolled back and how long, that it is over, or
/// that it takes none back. Empty: nothing. The plan's tags are decided.
std::string rollback_note(const ImagePublicationSpec& spec, const PublishPlan& plan, Timestamp now);

/// Why moving tags can't go to what spec.rollback names, or nothing: it must be there (NotFound), and this object must
/// have published it for this environment (Refused).
std::optional<Error> rollback_fault(const ImagePublication& publication, const Observation& seen,
                                    const TagPublisher& publisher);

}  // namespace slipway::publish

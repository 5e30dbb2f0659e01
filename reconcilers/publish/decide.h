#pragma once

#include "crds/base/time.h"
#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/publish/observation.h"
#include "reconcilers/publish/plan.h"

namespace slipway::publish {

/// What is to be done for a publication (design, sections 2 and 3). Pure; cannot fail: what keeps it from being
/// published is the plan's refusal. The first row that fits:
///
///   situation                                                       plan
///   finished before, all there, tags right or left to others        nothing, full_check when all was looked at
///   finished before, an immutable tag names another digest          refusal TagConflict
///   finished before, something missing                              repair that alone; nothing is judged again
///   finished before, layers are to be read                          read them, where they are there
///   not known, but its record is there, of these gates, and all
///   of it is in place                                               nothing; its gates are not asked again
///   a gate refused                                                  refusal of the gate (Gates)
///   rollback to a digest not published by this object, or not there refusal (Tags)
///   an immutable tag names another digest                           refusal TagConflict, no tag moves
///   a gate waits for a report                                       refusal AwaitingReport (Gates)
///   else                                                            publish: blobs, manifests, check, attached,
///                                                                   record, immutable tags, moving tags
///
/// Of several faults the one is told that waiting can't cure. What is there already is in no step.
PublishPlan decide(const ImagePublication& publication, const Observation& seen, Timestamp now);

/// The plan of a publication that could not even be looked at: an attempt whose source was resolved before goes on.
/// `login_server` is that of its ContainerRegistry, empty when that is not there.
PublishPlan refuse(const ImagePublication& publication, const std::string& login_server, Refusal refusal);

/// Whether status.attempt is about the same publication under the same gates: it goes on then, else a new one starts.
bool is_continued(const ImagePublication& publication, const PublicationIds& ids);

}  // namespace slipway::publish

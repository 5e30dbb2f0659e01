#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/time.h"
#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/publish/plan.h"
#include "reconcilers/publish/status.h"

namespace slipway::publish {

/// The tags that a deleted publication with deletionPolicy Untag takes away: those that it set and that none of its
/// `neighbours` (see neighbours_of()) wants. Whether each still names what this object gave it is looked at in acting.
/// Pure.
PublishPlan decide_withdrawal(const ImagePublication& publication, const std::vector<ImagePublication>& neighbours);

/// The tags of status.published that stay because this object is not on record as having set them: they were there, or
/// they are from a time when that was not kept. In one string. Pure.
std::string tags_of_others(const ImagePublication& publication);

/// How long to wait before a withdrawal that failed is tried again; absent: the object goes, as it does at once for all
/// that is no outage. An outage holds it for ten minutes at most, the next try included if that takes as long as this
/// one did, whatever the registry says of when to come again. Pure.
std::optional<std::chrono::milliseconds> wait_after(const ImagePublication& publication, const Error& error,
                                                    const VisitTimes& times);

}  // namespace slipway::publish

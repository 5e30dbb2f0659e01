#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crds/base/time.h"
#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/publish/plan.h"

namespace slipway::publish {

/// The tags that a deleted publication with deletionPolicy Untag takes away: those that it set and that none of its
/// `neighbours` (see neighbours_of()) wants. Whether each still names what this object gave it is looked at in acting.
/// Pure.
PublishPlan decide_withdrawal(const ImagePublication& publication, const std::vector<ImagePublication>& neighbours);

/// The tags of status.published that stay because this object is not on record as having set them: they were there, or
/// they are from a time when that was not kept. In one string. Pure.
std::string tags_of_others(const ImagePublication& publication);

/// What follows a withdrawal that failed: an outage is waited for, ten minutes from the deletion, everything else lets
/// the object go. Pure.
bool should_wait(const ImagePublication& publication, const Error& error, Timestamp now);

}  // namespace slipway::publish

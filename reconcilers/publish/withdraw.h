#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/time.h"
#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/publish/plan.h"

namespace slipway::publish {

/// The tags that a deleted publication with deletionPolicy Untag takes away: those that it set, also in an attempt that
/// did not end well, and that none of its `neighbours` (see neighbours_of()) wants. Whether each still names what this
/// object gave it is looked at in acting. Pure.
PublishPlan decide_withdrawal(const ImagePublication& publication, const std::vector<ImagePublication>& neighbours);

/// The tags of status.published that stay because this object is not on record as having set them: they were there, or
/// they are from a time when that was not kept. In one string. Pure.
std::string tags_of_others(const ImagePublication& publication);

/// When a deletion goes on whether the tags are removed or not: ten minutes after it was asked for (`deleted`);
/// where the process, at work since `at_work_since`, was away meanwhile, a minute after that. What a visit that began
/// at `began` still does then is to be stopped. Where the deletion's time is so far ahead of the clock that it tells
/// nothing, the visit has a minute. Pure.
Timestamp end_of_withdrawal(Timestamp deleted, Timestamp began, Timestamp at_work_since);

/// Of one try to take the tags of a deleted publication away.
struct WithdrawalTimes {
  Timestamp began;
  Timestamp now;
  Timestamp until;  ///< end_of_withdrawal().
};

/// How long to wait before a withdrawal that failed is tried again; absent: the object goes, as it does at once for all
/// that is no outage. An outage holds it until `until`, the next try included if that takes as long as this one did,
/// whatever the registry says of when to come again. Pure.
std::optional<std::chrono::milliseconds> wait_after(const ImagePublication& publication, const Error& error,
                                                    const WithdrawalTimes& times);

}  // namespace slipway::publish

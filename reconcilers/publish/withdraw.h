#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "crds/base/time.h"
#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/publish/plan.h"

namespace slipway::publish {

/// The tags that the status of a publication names, whoever set them. Pure.
std::set<std::string> names_on_record(const ImagePublicationStatus& status);

/// Whether anything of the publication may be at the registry, as far as its status tells. Pure.
bool may_be_there(const ImagePublicationStatus& status);

/// The tags that a deleted publication with deletionPolicy Untag takes away: those that it set, also in attempts that
/// did not end well, and that are not among those that others want (`wanted`: see wanted_by_neighbours()). Whether each
/// still names what this object gave it is looked at in acting, whether what others want does, and what became of those
/// that an attempt was about to set. Pure.
PublishPlan decide_withdrawal(const ImagePublication& publication, const std::map<std::string, ObjectKey>& wanted);

/// Until when a deletion is held up by tags that can't be removed yet: ten minutes after it was asked for (`deleted`);
/// where the process, at work since `at_work_since`, was away meanwhile, a minute after that. Where the deletion's time
/// is so far ahead of the clock that it tells nothing, the visit that began at `began` has a minute. Pure.
Timestamp held_until(Timestamp deleted, Timestamp began, Timestamp at_work_since);

/// When a visit that began at `began` is to be stopped: held_until(), or after a minute where that was over before,
/// because we come late: it is the only one. Pure.
Timestamp end_of_withdrawal(Timestamp deleted, Timestamp began, Timestamp at_work_since);

/// Of one try to take the tags of a deleted publication away.
struct WithdrawalTimes {
  Timestamp began;
  Timestamp now;
  Timestamp until;  ///< held_until().

  bool is_late() const { return began >= until; }
};

/// How long to wait before a withdrawal that failed is tried again; absent: the object goes, as it does at once for all
/// that does not pass (is_passing()), but for a host that is not trusted (is_about_trust()) or speaks TLS
/// where it is asked without (Invalid of a request): that is an outage too. An outage holds it until `until`, the next
/// try included if that takes as long as this one did, whatever the registry says of when to come again. Pure.
std::optional<std::chrono::milliseconds> wait_after(const ImagePublication& publication, const Refusal& failure,
                                                    const WithdrawalTimes& times);

}  // namespace slipway::publish

#pragma once

#include <string>
#include <string_view>

#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/publish/act.h"
#include "reconcilers/publish/plan.h"

namespace slipway::publish {

/// What one visit did about the tags of a deleted publication. In words it names what it removed, and what it came to
/// no more; an earlier visit may have removed some of that.
struct Withdrawn {
  PublishPlan plan;
  ActReport report;
};

/// "1.8.2, staging", or nothing. Pure.
std::string removed_tags(const Withdrawn& done);

/// For an end that leaves tags because of `why`, and for one that is followed by another try. Pure.
std::string tags_stay(const Withdrawn& done, std::string_view why);
std::string tags_wait(const Withdrawn& done, std::string_view why);

/// What stays although all was done, and why: tags that were there before this object or are from a time when that was
/// not kept, those that another publication wants, those that name something else by now, those that it may have set,
/// and, where as many are on record as are kept, what is on record no more. Says nothing of whose publication that is:
/// it may be another tenant's. Empty where nothing stays. Pure.
std::string tags_left(const ImagePublication& publication, const Withdrawn& done);

}  // namespace slipway::publish

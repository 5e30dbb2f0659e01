#pragma once

#include <chrono>
#include <optional>

#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/outcome.h"
#include "reconcilers/publish/act.h"
#include "reconcilers/publish/plan.h"
#include "reconcilers/publish/settings.h"
#include "reconcilers/publish/status.h"

namespace slipway::publish {

// What a step sent or read of the image was not what its digest or its config says (Integrity): under the same digests
// it is found so again, and to find out costs the whole of it each time.

/// After so long it is carried again all the same: the source may have been mended under the same digest.
inline constexpr std::chrono::hours kDamagedAgainAfter{24};

/// Says in the remedy of what failed so when a service carries it again. Of another failure nothing.
void tell_when_again(const PublishPlan& plan, ActReport& report);

/// When what failed is tried again, as far as that is known.
std::optional<Timestamp> next_try(const Acted& acted, const Outcome& outcome, Timestamp now);

/// What follows where the last try failed so, and nothing that it depends on changed since: no edit, no request,
/// another digest nor another decision. Nothing is carried then, and the status stays. Nothing where the plan is to be
/// carried out; a one-shot process was asked for it.
std::optional<Outcome> left_as_damaged(const ImagePublication& publication, const PublishPlan& plan,
                                       const Settings& settings, std::chrono::seconds least_interval, Timestamp now);

}  // namespace slipway::publish

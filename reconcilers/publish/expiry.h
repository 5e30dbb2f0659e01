#pragma once

#include <optional>

#include "crds/base/time.h"
#include "crds/v1alpha1/image_publication.h"

namespace slipway::publish {

/// When the object of a publication is to be deleted (`ttlAfterPublished`): so long after it was published as it asks
/// now. Absent without that, for what is not published (an edit that was not carried out yet counts), suspended or
/// deleted already. Pure.
std::optional<Timestamp> expiry_of(const ImagePublication& publication);

}  // namespace slipway::publish

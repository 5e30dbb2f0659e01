#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crds/v1alpha1/image_publication_status.h"
#include "reconcilers/publish/act.h"

namespace slipway::publish {

/// Whether this object is on record as having set `tag` to `digest`: when it published, or in an attempt since. Pure.
bool has_set(const ImagePublicationStatus& status, const std::string& tag, const std::string& digest);

/// What this object is on record as having set `tag` to last. Pure.
std::optional<std::string> set_last(const ImagePublicationStatus& status, const std::string& tag);

/// The earlier tags of an attempt that follows on `before` and has `tags` itself: what was set there stays on record
/// until it is set anew. Pure.
std::vector<EarlierTag> earlier_tags(const AttemptStatus& before, const std::vector<TagStatus>& tags);

/// After acting it is known which of the announced tags were set.
void settle_tags(AttemptStatus& attempt, const ActReport& report);

}  // namespace slipway::publish

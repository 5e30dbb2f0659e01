#pragma once

#include <string_view>
#include <vector>

#include "reconcilers/content/manifest.h"

namespace slipway::registry {

/// Appends the manifests that an index of referrers names. Integrity when it is no index, or beyond 1,000 in all.
Result<void> append_referrers(std::string_view index, std::vector<content::Descriptor>& all);

/// The OCI index behind a fallback tag: the same bytes for the same list.
content::ManifestBytes referrer_index(const std::vector<content::Descriptor>& referrers);

}  // namespace slipway::registry

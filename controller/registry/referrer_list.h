#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconcilers/content/manifest.h"

namespace slipway::registry {

/// The most referrers of one subject.
inline constexpr std::size_t kMostReferrers = 1000;

/// The manifests that an index of referrers names, as it describes them. Integrity when it is no index, beyond
/// 1,000, or of more than 50,000 JSON values.
Result<std::vector<content::Descriptor>> parse_referrers(std::string_view index);

/// Appends them without their annotations, which may be of any size and which nobody reads there, and with no more of a
/// type than a media type may have. Integrity also when they are beyond 1,000 in all.
Result<void> append_referrers(std::string_view index, std::vector<content::Descriptor>& all);

/// The OCI index behind a fallback tag: the same bytes for the same list.
content::ManifestBytes referrer_index(const std::vector<content::Descriptor>& referrers);

}  // namespace slipway::registry

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

/// What a list of referrers calls the kind of a manifest (distribution specification 1.1): its artifact type, of an
/// image manifest without one the media type of its config. No longer than a media type may be.
std::string listed_type(const content::Manifest& manifest);

/// As a list of referrers names it: what its descriptor says and, where that tells no artifact type or no annotations,
/// those of its bytes. The descriptor alone where these are no manifest.
content::Descriptor listed_as(const content::ManifestBytes& manifest);

/// Adds one at the end, and gives the index of all; without its annotations where half of what a list may hold would be
/// taken, for with them no room would be left for those who come later.
content::ManifestBytes add_referrer(std::vector<content::Descriptor>& all, content::Descriptor referrer);

/// The OCI index behind a fallback tag: the same bytes for the same list.
content::ManifestBytes referrer_index(const std::vector<content::Descriptor>& referrers);

}  // namespace slipway::registry

#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reconcilers/content/manifest.h"

namespace slipway::content {

/// What of a source is published.
struct PlatformSubset {
  ManifestBytes root;                ///< The source's own bytes when everything is kept.
  std::vector<Descriptor> left_out;  ///< Children of the source that are not published, as kept_manifest().
};

/// Takes `wanted` ("linux/amd64"; empty: all) out of `source`. The subset of an index is the same index with fewer
/// entries of `manifests`: the same bytes for the same source and choice, whatever the order of `wanted`. Attestation
/// manifests go with the platform they are about. Without a platform an entry can't be wanted and stays behind.
/// A single image is published as it is when it serves every platform wanted; `single` is the platform its config says.
/// NotFound, with those that exist, for a wanted platform that is missing; Invalid for one that can't be parsed;
/// Integrity for a source that is no manifest.
Result<PlatformSubset> take_platforms(const ManifestBytes& source, std::span<const std::string> wanted,
                                      const std::optional<Platform>& single);

}  // namespace slipway::content

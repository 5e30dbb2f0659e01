#pragma once

#include <stop_token>

#include "reconcilers/ports/image_source.h"
#include "reconcilers/ports/image_store.h"
#include "reconcilers/publish/observation.h"

namespace slipway::publish {

/// The two places that are read.
struct Places {
  ImageSource& source;
  ImageStore& destination;
  std::stop_token stop;
};

/// Finds what was said about the image at its source, by the referrers relation (four levels deep) and by the tags
/// "sha256-<hex>.sig", ".att" and ".sbom", and adds it to `content`. Publication records stay where they are: they tell
/// of that place. What speaks of a source index that is not published whole goes to `left_out`. Integrity when there is
/// more than 200 of it.
Result<void> read_attached(Content& content, const Digest& source, const Places& places);

}  // namespace slipway::publish

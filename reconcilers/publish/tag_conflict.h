#pragma once

#include <string>

#include "crds/base/digest.h"
#include "crds/base/result.h"
#include "crds/v1alpha1/tag_expansion.h"
#include "reconcilers/publish/tag_order.h"

namespace slipway::publish {

/// Where a tag stands in the way.
struct ConflictPlace {
  std::string repository;
  Digest present = Digest::of("");  ///< What the tag names.
  Digest wanted = Digest::of("");   ///< The image that is published.
};

/// TagConflict for people: of a tag that was found on another digest.
Error conflict_on(const ConflictPlace& place, const ExpandedTag& tag, const TagJudgement& judged);
/// Of an immutable tag that this publication had set, and that was moved since.
Error conflict_on_moved(const ConflictPlace& place, const std::string& tag, const TagJudgement& judged);

}  // namespace slipway::publish

#pragma once

#include <stop_token>

#include "reconcilers/ports/image_source.h"
#include "reconcilers/ports/image_store.h"
#include "reconcilers/publish/byte_budget.h"
#include "reconcilers/publish/observation.h"
#include "reconcilers/publish/statement_reader.h"

namespace slipway::publish {

/// The two places that are read, how much may be held of them, and who tells statements from images.
struct Places {
  ImageSource& source;
  ImageStore& destination;
  ByteBudget& budget;
  StatementReader& statements;
  std::stop_token stop;
};

/// What is asked about.
struct AttachedQuestion {
  Digest source = Digest::of("");
  bool gated = false;  ///< A gate judges the image: what might be run stays behind, for nothing has judged it.
};

/// Finds what was said about the image at its source, by the referrers relation (four levels deep) and by the tags
/// "sha256-<hex>.sig", ".att" and ".sbom", and adds it to `content`. Publication records stay where they are: they tell
/// of that place. What speaks of a source index that is not published whole goes to `left_out`. What does not refer to
/// the image that it was found on, what gives a blob another size than the image does, and images where a gate judges,
/// stay behind with a note, as does what would make the list of what is attached unreadable at the destination.
/// Integrity when there is more than 200 of it, when more than 1,000 are to be looked at, above the budget, or with
/// more than 10,000 blobs in all.
Result<void> read_attached(Content& content, const AttachedQuestion& question, const Places& places);

}  // namespace slipway::publish

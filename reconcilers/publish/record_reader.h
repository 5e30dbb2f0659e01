#pragma once

#include <stop_token>

#include "reconcilers/ports/image_store.h"
#include "reconcilers/publish/observation.h"

namespace slipway::publish {

/// Reads the publication records on `subject`, at most 50 of them. What claims to be a record and is none is left
/// aside: anybody may have put it there.
Result<RecordsOn> read_records(ImageStore& store, const Digest& subject, std::stop_token stop);

}  // namespace slipway::publish

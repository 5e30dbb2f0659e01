#pragma once

#include <cstddef>
#include <stop_token>

#include "reconcilers/ports/image_store.h"
#include "reconcilers/publish/observation.h"

namespace slipway::publish {

/// How many records tell enough where nobody is kept out by one that was not read.
inline constexpr std::size_t kSomeRecords = 50;
/// As many as a list of referrers may hold.
inline constexpr std::size_t kAllRecords = 1000;

/// Reads the publication records on `subject`, at most `most` of them and 8 MiB. What claims to be a record and is none
/// is left aside: anybody may have put it there. A list that is too long or broken is one that was not read to its end:
/// anybody may have made it so.
Result<RecordsOn> read_records(ImageStore& store, const Digest& subject, std::size_t most, std::stop_token stop);

}  // namespace slipway::publish

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

/// In bytes, for all that one visit reads: of each record those of its manifest, or those that it takes in memory,
/// which of what a stranger wrote may be 30 times as many.
inline constexpr std::size_t kMostOfRecords = 8u << 20;

/// What one call may read; it takes what it reads off `bytes_left`.
struct RecordBudget {
  std::size_t most = kSomeRecords;
  std::size_t& bytes_left;
};

/// Reads the publication records on `subject`, as many as `budget` has room for. What claims to be a record and is none
/// is left aside: anybody may have put it there. A list that is too long or broken is one that was not read to its end:
/// anybody may have made it so.
Result<RecordsOn> read_records(ImageStore& store, const Digest& subject, const RecordBudget& budget,
                               std::stop_token stop);

}  // namespace slipway::publish

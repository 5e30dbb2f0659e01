#include "reconcilers/publish/moved_so_far.h"

#include <algorithm>

namespace slipway::publish {
namespace {

/// What the later visit found there is first of all what the earlier one brought.
TransferStatus together(const TransferStatus& earlier, const TransferStatus& later) {
  const auto brought = earlier.blobs_sent + earlier.blobs_mounted;
  return {.bytes_sent = earlier.bytes_sent + later.bytes_sent,
          .blobs_sent = earlier.blobs_sent + later.blobs_sent,
          .blobs_mounted = earlier.blobs_mounted + later.blobs_mounted,
          .blobs_present = std::max(earlier.blobs_present, later.blobs_present - brought)};
}

}  // namespace

TransferStatus MovedSoFar::add(const ObjectKey& object, const std::string& publication_hash,
                               const TransferStatus& moved) {
  if (publication_hash.empty()) return moved;
  const std::lock_guard lock(mutex_);
  const auto before = moved_.find(object);
  const bool goes_on = before != moved_.end() && before->second.publication_hash == publication_hash;
  const auto sum = goes_on ? together(before->second.transfer, moved) : moved;
  if (sum == TransferStatus{})
    moved_.erase(object);
  else
    moved_.insert_or_assign(object, Moved{publication_hash, sum});
  return sum;
}

void MovedSoFar::forget(const ObjectKey& object) {
  const std::lock_guard lock(mutex_);
  moved_.erase(object);
}

bool MovedSoFar::knows(const ObjectKey& object) const {
  const std::lock_guard lock(mutex_);
  return moved_.contains(object);
}

}  // namespace slipway::publish

#pragma once

#include <cstddef>

#include "crds/base/result.h"

namespace slipway::publish {

/// How much of a source's manifests and configs one publication holds in memory: four of the largest manifests, or a
/// thousand of 16 KiB. Eight publications at once stay within what the process may use.
inline constexpr std::size_t kMaxHeldBytes = 16u << 20;

/// How many blobs one publication may consist of, with what is attached: each is described several times in memory.
inline constexpr std::size_t kMaxBlobs = 10'000;

/// Integrity when `count` is above that.
inline Result<void> check_blob_count(std::size_t count) {
  if (count <= kMaxBlobs) return {};
  return fail(ErrorClass::Integrity, "the source and what is attached to it consist of more than 10,000 blobs",
              "publish an image with fewer platforms, layers or attachments, or set source.referrers: None");
}

/// What is left of that for one publication.
class ByteBudget {
 public:
  /// Integrity when `bytes` more are too many.
  Result<void> take(std::size_t bytes) {
    if (bytes > left_)
      return fail(ErrorClass::Integrity,
                  "the manifests and configs of the source and what is attached to it are over 16 MiB",
                  "publish an image with fewer platforms or attachments, or set source.referrers: None");
    left_ -= bytes;
    return {};
  }

 private:
  std::size_t left_ = kMaxHeldBytes;
};

}  // namespace slipway::publish

#pragma once

#include <cstdint>

#include "controller/runtime/guarded.h"

namespace slipway::transfer {

/// How far a layer, or the layers of an image together, may grow when they are decompressed: hashing what comes out
/// costs time, never memory.
struct GrowthBounds {
  std::int64_t always_allowed = std::int64_t{4} << 30;
  std::int64_t most_growth = 2000;  ///< Times the bytes read so far, beyond that; gzip reaches 1,032.
  std::int64_t most_bytes = std::int64_t{1} << 40;
};

/// Bytes read of what is compressed, and what came out of them.
struct Growth {
  std::int64_t read = 0;
  std::int64_t unpacked = 0;

  bool is_within(const GrowthBounds& bounds) const;
};

/// What the layers of one image have grown to together: those that were found right, and those that are being checked.
/// Thread-safe.
class ImageGrowth {
 public:
  explicit ImageGrowth(GrowthBounds bounds) : bounds_(bounds) {}

  /// False when it is beyond the bounds with that.
  bool add(const Growth& more);
  /// Of a check that has ended.
  void take_back(const Growth& before);

 private:
  const GrowthBounds bounds_;
  runtime::Guarded<Growth> sum_;
};

}  // namespace slipway::transfer

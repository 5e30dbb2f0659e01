#pragma once

#include "controller/runtime/guarded.h"
#include "controller/zstd/growth.h"

namespace slipway::transfer {

using zstd::Growth;
using zstd::GrowthBounds;

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

#pragma once

#include "crds/base/time.h"

namespace slipway {

/// The time, for those who may read it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

}  // namespace slipway

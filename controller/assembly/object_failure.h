#pragma once

#include <chrono>
#include <functional>

#include "controller/runtime/system_clock.h"
#include "crds/base/result.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway::assembly {

/// The last failure of what is done for one object after the other: a sign that it would fail for the others, too, for
/// a while, and as long as the object is this process's.
struct ObjectFailure {
  /// What failed is tried again sooner than that (runtime::BackoffLimits), as long as it is this process's.
  static constexpr std::chrono::minutes kOldNews{10};
  /// Whether an object is this process's. Null: each is.
  using IsOurs = std::function<bool(const ObjectKey&)>;
  using Time = runtime::SteadyClock::Time;

  bool still_tells(Time now, const IsOurs& is_ours) const {
    return now - at < kOldNews && (!is_ours || is_ours(object));
  }

  ObjectKey object;
  Error error;
  Time at;
};

}  // namespace slipway::assembly

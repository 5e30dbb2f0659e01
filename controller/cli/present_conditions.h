#pragma once

#include <cstdint>

#include "crds/v1alpha1/condition.h"

namespace slipway::cli {

/// Which generation an object has, and which was looked at last (-1: none).
struct Generations {
  std::int64_t now = 0;
  std::int64_t observed = -1;
};

/// Conditions as people are shown them: a Ready that speaks of an older generation than the one that is there is
/// Unknown, reason Pending, and its message says what it was; while that one is worked on, or as long as nothing came
/// of the first, it says what Reconciling says. What is stored stays as it is.
Conditions present_conditions(Conditions conditions, const Generations& generations);

}  // namespace slipway::cli

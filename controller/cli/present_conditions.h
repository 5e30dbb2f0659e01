#pragma once

#include <cstdint>

#include "crds/v1alpha1/condition.h"

namespace slipway::cli {

/// What tells how old the conditions of an object are.
struct Looked {
  std::int64_t generation = 0;      ///< Of the object now.
  std::int64_t observed = -1;       ///< Which was looked at last (-1: none).
  bool is_somebody_at_work = true;  ///< A process that may still change them.
};

/// Conditions as people are shown them: a Ready that speaks of an older generation than the one that is there is
/// Unknown, reason Pending, and its message says what it was; while that one is worked on, or as long as nothing came
/// of the first, it says what Reconciling says. Where nobody is at work, Reconciling says that before its own
/// message, and what was Progressing is Interrupted. What is stored stays as it is.
Conditions present_conditions(Conditions conditions, const Looked& looked);

}  // namespace slipway::cli

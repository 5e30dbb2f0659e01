#pragma once

#include <string>

#include "crds/v1alpha1/condition.h"
#include "reconcilers/readiness.h"

namespace slipway::standalone {

/// What one object counts as in slipway_resources: its Ready where that speaks of the generation of now, else Unknown.
/// What is suspended was asked to be left alone, and is counted apart: nobody is to be woken up for it.
template <class T>
std::string readiness_for_counts(const T& object) {
  if (object.spec.suspend) return "Suspended";
  const Condition* ready = find_condition(object.status.conditions, kReady);
  return ready && ready->observed_generation == object.metadata.generation ? ready->status : "Unknown";
}

}  // namespace slipway::standalone

#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "controller/telemetry/metrics.h"
#include "crds/v1alpha1/condition.h"
#include "reconcilers/readiness.h"

namespace slipway::assembly {

/// What one object counts as in slipway_resources: its Ready where that speaks of the generation of now, else Unknown.
/// What is suspended was asked to be left alone, and is counted apart: nobody is to be woken up for it.
template <class T>
std::string readiness_for_counts(const T& object) {
  if (object.spec.suspend) return "Suspended";
  const Condition* ready = find_condition(object.status.conditions, kReady);
  return ready && ready->observed_generation == object.metadata.generation ? ready->status : "Unknown";
}

/// Whether nothing helps until somebody changes something.
template <class T>
bool is_stalled(const T& object) {
  const Condition* stalled = find_condition(object.status.conditions, kStalled);
  return stalled != nullptr && stalled->status == "True" && stalled->observed_generation == object.metadata.generation;
}

/// How many objects of each kind and namespace count as what.
class ReadyTally {
 public:
  template <class T>
  void add(const T& object) {
    ++counts_[{T::kKind, readiness_for_counts(object), object.metadata.namespace_name, is_stalled(object)}];
  }
  std::vector<telemetry::ReadyCount> counts() const {
    std::vector<telemetry::ReadyCount> all;
    for (const auto& [what, number] : counts_) {
      const auto& [kind, status, namespace_name, is_stalled] = what;
      all.push_back({kind, status, number, namespace_name, is_stalled});
    }
    return all;
  }

 private:
  std::map<std::tuple<ResourceKind, std::string, std::string, bool>, std::size_t> counts_;
};

}  // namespace slipway::assembly

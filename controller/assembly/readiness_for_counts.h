#pragma once

#include <map>
#include <optional>
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

/// Since when an object is not ready, as far as it tells: of an edit of what was ready, and of what has no
/// Ready, as one that was suspended, since work on it began; of what nobody looked at yet, since it was edited or made.
template <class T>
std::optional<Timestamp> unready_since(const T& object, std::optional<Timestamp> edited_at) {
  const Condition* ready = find_condition(object.status.conditions, kReady);
  if (ready != nullptr && ready->status != "True") return ready->last_transition_time;
  const Condition* reconciling = find_condition(object.status.conditions, kReconciling);
  if (reconciling != nullptr) return reconciling->last_transition_time;
  return ready == nullptr ? object.metadata.creation_timestamp : edited_at;
}

/// How many objects of each kind and namespace count as what, and since when the first of them is not ready.
class ReadyTally {
 public:
  template <class T>
  void add(const T& object, std::optional<Timestamp> edited_at = std::nullopt) {
    const std::string readiness = readiness_for_counts(object);
    Tallied& tallied = tallied_[{T::kKind, readiness, object.metadata.namespace_name, is_stalled(object)}];
    ++tallied.count;
    if (readiness == "True" || readiness == "Suspended") return;
    const auto since = unready_since(object, edited_at);
    if (since && (!tallied.unready_since || *since < *tallied.unready_since)) tallied.unready_since = since;
  }
  std::vector<telemetry::ReadyCount> counts() const {
    std::vector<telemetry::ReadyCount> all;
    for (const auto& [what, tallied] : tallied_) {
      const auto& [kind, status, namespace_name, is_stalled] = what;
      all.push_back({kind, status, tallied.count, namespace_name, is_stalled, tallied.unready_since});
    }
    return all;
  }

 private:
  struct Tallied {
    std::size_t count = 0;
    std::optional<Timestamp> unready_since;
  };
  std::map<std::tuple<ResourceKind, std::string, std::string, bool>, Tallied> tallied_;
};

}  // namespace slipway::assembly

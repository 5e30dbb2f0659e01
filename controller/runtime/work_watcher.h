#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "crds/v1alpha1/object_meta.h"
#include "reconcilers/outcome.h"

namespace slipway::runtime {

/// One reconcile that ended.
struct Visit {
  ObjectKey key;
  std::string reconcile_id;
  std::chrono::nanoseconds took{};
  std::optional<Outcome> outcome;  ///< Absent: an exception reached the barrier (a bug of ours).
  std::string thrown;              ///< What that exception said.
};

/// Wants to know how the work goes, for metrics and for who waits for objects. Thread-safe; called without a lock held,
/// from the threads that work, so it returns at once; never fails.
class WorkWatcher {
 public:
  virtual ~WorkWatcher() = default;
  virtual void added(ResourceKind) {}
  /// The key failed and is due again after `delay`, if nobody asks for it sooner.
  virtual void retried(const ObjectKey&, std::chrono::milliseconds /*delay*/) {}
  /// A key left the queue after it had been due for `waited`.
  virtual void taken(ResourceKind, std::chrono::nanoseconds /*waited*/) {}
  virtual void began(const ObjectKey&, const std::string& /*reconcile_id*/) {}
  virtual void ended(const Visit&) {}
};

}  // namespace slipway::runtime

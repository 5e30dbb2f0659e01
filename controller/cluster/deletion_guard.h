#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "controller/runtime/guarded.h"
#include "controller/runtime/time_limits.h"
#include "reconcilers/reconciler.h"

namespace slipway::cluster {

/// Stops visits that a deletion has overtaken: those that began before their object was deleted, because nobody wants
/// any more what they do, and those of deleted objects that take longer than a deletion may be held up. Thread-safe.
class DeletionGuard final : public Reconciler {
 public:
  struct Deletion {
    /// How long a visit to it may take; absent: as long as it likes.
    std::optional<std::chrono::milliseconds> left;
  };
  /// Absent while the object is there and not deleted. Shall not wait.
  using DeletionOf = std::function<std::optional<Deletion>(const ObjectKey&)>;

  /// `next` and `limits` outlive it.
  DeletionGuard(Reconciler& next, runtime::TimeLimits& limits, DeletionOf deletion_of)
      : next_(next), limits_(limits), deletion_of_(std::move(deletion_of)) {}
  Outcome reconcile(const ObjectKey& key, std::stop_token stop) override;

  /// To be called once `deletion_of` tells of it, and before the object is to be looked at because of that.
  void deleted(const ObjectKey& key);

 private:
  class Findable;

  Reconciler& next_;
  runtime::TimeLimits& limits_;
  const DeletionOf deletion_of_;
  runtime::Guarded<std::map<ObjectKey, std::stop_source>> of_living_;  ///< The visits that a deletion stops.
};

}  // namespace slipway::cluster

#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "controller/runtime/guarded.h"
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

  /// `next` outlives it.
  DeletionGuard(Reconciler& next, DeletionOf deletion_of) : next_(next), deletion_of_(std::move(deletion_of)) {}
  Outcome reconcile(const ObjectKey& key, std::stop_token stop) override;

  /// To be called once `deletion_of` tells of it, and before the object is to be looked at because of that.
  void deleted(const ObjectKey& key);

 private:
  Reconciler& next_;
  const DeletionOf deletion_of_;
  runtime::Guarded<std::map<ObjectKey, std::stop_source>> of_living_;  ///< The visits that a deletion stops.
};

}  // namespace slipway::cluster

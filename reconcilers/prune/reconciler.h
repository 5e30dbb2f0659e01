#pragma once

#include "reconcilers/ports/clock.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/ports/recorder.h"
#include "reconcilers/reconciler.h"

namespace slipway::prune {

/// What the reconciler of RetentionPolicy is given. All outlive it.
struct Ports {
  ObjectReader& objects;
  ObjectWriter& writer;
  Recorder& recorder;
  const Clock& clock;
};

/// Says on every RetentionPolicy that this version does not prune, and whether its namespace may read what it names, as
/// judge() does. Deletes nothing. Thread-safe.
class PruneReconciler final : public Reconciler {
 public:
  explicit PruneReconciler(const Ports& ports) : ports_(ports) {}
  Outcome reconcile(const ObjectKey& key, std::stop_token stop) override;

 private:
  Ports ports_;
};

}  // namespace slipway::prune

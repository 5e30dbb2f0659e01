#pragma once

#include <mutex>
#include <stop_token>

#include "crds/base/result.h"
#include "reconcilers/ports/audit_log.h"
#include "reconcilers/ports/blob_transfer.h"
#include "reconcilers/ports/clock.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/ports/progress_watcher.h"
#include "reconcilers/ports/recorder.h"
#include "reconcilers/ports/registries.h"
#include "reconcilers/ports/repository_turns.h"
#include "reconcilers/publish/moved_so_far.h"
#include "reconcilers/publish/plan.h"
#include "reconcilers/publish/settings.h"
#include "reconcilers/publish/silent_registries.h"
#include "reconcilers/reconciler.h"

namespace slipway::publish {

/// What the reconciler of ImagePublication is given. All outlive it.
struct Ports {
  ObjectReader& reader;
  ObjectWriter& writer;
  Registries& registries;
  BlobTransfer& transfer;
  RepositoryTurns& turns;
  Recorder& recorder;
  ProgressWatcher& progress;
  const Clock& clock;
  AuditLog& audit;
};

/// Makes the registry hold what an ImagePublication asks for, and says on it what was done. Keeps nothing between
/// calls but which registries are silent, and what was moved for what is not finished. Thread-safe.
class PublishReconciler final : public slipway::Reconciler {
 public:
  PublishReconciler(Ports ports, Settings settings);

  Outcome reconcile(const ObjectKey& key, std::stop_token stop) override;

  /// The object is not there any more, and there may be no visit that finds that.
  void forget(const ObjectKey& key) { moved_.forget(key); }

  /// What reconcile() would do now; changes nothing. NotFound when there is no such publication; what keeps it from
  /// being published is in the plan.
  Result<PublishPlan> plan(const ObjectKey& key, std::stop_token stop);

 private:
  Ports ports_;
  Settings settings_;
  SilentRegistries silent_;
  MovedSoFar moved_;
  std::mutex report_at_hand_;  ///< See read_reports().
};

}  // namespace slipway::publish

#pragma once

#include "controller/cluster/object_caches.h"
#include "reconcilers/ports/audit_log.h"
#include "reconcilers/ports/clock.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/ports/recorder.h"
#include "reconcilers/reconciler.h"

namespace slipway::cluster {

/// Stands before a kind's reconciler: an object whose spec can't be used, though the API server took it, never reaches
/// that. It becomes Stalled with what `slipway validate` says of it. When it is deleted, its finalizer goes and its
/// tags stay, on record: nobody can say which are to go. Thread-safe.
class InvalidObjects final : public Reconciler {
 public:
  struct Parts {
    ObjectCaches& caches;
    ObjectWriter& writer;
    Recorder& recorder;
    const Clock& clock;
    AuditLog& audit;
  };
  /// What `parts` refers to and `next` outlive it.
  InvalidObjects(Reconciler& next, Parts parts) : next_(next), parts_(parts) {}
  Outcome reconcile(const ObjectKey& key, std::stop_token stop) override;

 private:
  template <class T>
  Outcome visit(const ObjectKey& key, std::stop_token stop);
  template <class T>
  Outcome let_go(const runtime::Reflected<T>& entry);

  Reconciler& next_;
  const Parts parts_;
};

}  // namespace slipway::cluster

#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "controller/cluster/object_caches.h"
#include "controller/cluster/reference_namespaces.h"
#include "controller/kube/api_client.h"
#include "controller/runtime/reflector.h"
#include "controller/runtime/work_queue.h"
#include "controller/telemetry/log.h"

namespace slipway::cluster {

/// Keeps the caches by list and watch, and says which objects are to be looked at:
///
///   what changed                          who is woken
///   an object of ours                     itself; not for its status alone
///   a ContainerRegistry's spec            what refers to it, or has its source at one of its hosts
///   a ContainerRegistry's names           the publications of those that are or were one registry with it by aliases
///   a ContainerRegistry's Ready to True   of the publications among these those that are not ready
///   a Secret or ConfigMap                 what refers to it; of a ContainerRegistry's, what uses that, too
///   labels of a Namespace                 the publications and policies in it
///   a namespace's Secrets or ConfigMaps   what refers to any in it
///   can be watched, and could not before
///
/// Our kinds and namespaces are watched in the whole cluster, Secrets and ConfigMaps (their metadata alone) where
/// objects refer to some and they may be read; where they may be read everywhere, each kind in the whole cluster, too.
/// Nothing is to be looked at before has_synced(): before that, only objects themselves are told, so that each is told
/// once.
class ObjectWatches {
 public:
  /// Called on a watch's thread: Edit for a person's wish or a changed reference, Resync for what a list brought at the
  /// start, itself or of its references, and for what waited for a registry. Shall not wait.
  using Wake = std::function<void(const ObjectKey&, runtime::Priority)>;
  /// Called on a watch's thread when an object is gone.
  using Forget = std::function<void(const ObjectKey&)>;

  struct Parts {
    ObjectCaches& caches;
    kube::ApiClient& client;
    Wake wake;
    Forget forget;
    telemetry::Log& log;
    runtime::ReflectorHands hands;
    ReferenceNamespaces references;
  };

  /// Begins to watch, on threads of its own; std::system_error when the machine refuses one of the first. What `parts`
  /// refers to outlives it; one for some caches.
  explicit ObjectWatches(Parts parts);
  /// Ends every watch, and waits for that.
  ~ObjectWatches();
  ObjectWatches(const ObjectWatches&) = delete;
  ObjectWatches& operator=(const ObjectWatches&) = delete;

  /// Every kind's first list is whole; stays so. Thread-safe.
  bool has_synced() const;
  /// Why a kind's watch fails now, for readiness; absent when none does. Thread-safe.
  std::optional<Error> failure() const;
  /// Ends all that is watched, and begins it again within a second, for whoever knows that the API server was away:
  /// what was under way then may wait for its answers until it is taken for cut. Thread-safe.
  void begin_anew();
  /// A kind has been neither watched nor listed since the last begin_anew(): it shows the world of before. Thread-safe.
  bool is_behind() const;

 private:
  struct Running;
  std::unique_ptr<Running> running_;
};

}  // namespace slipway::cluster

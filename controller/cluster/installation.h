#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/assembly/assembly.h"
#include "controller/assembly/surroundings.h"
#include "controller/cluster/object_caches.h"
#include "controller/cluster/object_watches.h"
#include "controller/cluster/reference_namespaces.h"
#include "controller/cluster/shards.h"
#include "controller/http/transport_factory.h"
#include "controller/kube/api_client.h"
#include "controller/runtime/work_queue.h"
#include "controller/telemetry/metrics.h"

namespace slipway::cluster {

struct InstallationOptions {
  ReferenceNamespaces references;
  std::string publisher_id;
  std::string identity;         ///< Of this replica, as events and its Lease name it: the pod's name.
  std::string lease_namespace;  ///< Of the replicas' Leases.
  std::string lease_group;      ///< Which replicas share the work: those of one group in one lease namespace.
  std::chrono::milliseconds flush_events_for{5000};  ///< How long its end waits for those that are still to be sent.
  http::NetworkEnvironment network;
};

/// An assembly over the objects of a cluster, of which it works on those that this replica owns. Thread-safe.
class Installation {
 public:
  /// `client`, `audit` and `surroundings` outlive it. Reads nothing: ObjectWatches fill its caches. Its recorder is the
  /// API server's, which logs what it is told as well.
  Installation(const InstallationOptions& options, kube::ApiClient& client, assembly::KeptAudit& audit,
               const assembly::Surroundings& surroundings);
  /// Sends the events that wait.
  ~Installation();
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;

  ObjectCaches& caches();
  assembly::Assembly& assembly();
  /// Of every kind, behind who takes what is invalid, and who leaves alone what another replica owns.
  runtime::ReconcilersByKind reconcilers();

  /// Where wake() puts keys from now on. Before anything is woken.
  void feed(runtime::WorkQueue& queue);
  /// What fills its caches: begun anew after an outage, before a share of the work is asked for again. Before shards()
  /// run.
  void see_through(ObjectWatches& watches);
  /// The object is to be looked at, if this replica owns it; who does not now will look at it once it does.
  void wake(const ObjectKey& key, runtime::Priority priority);
  /// It is there and being deleted. Waits for nothing.
  bool is_deleted(const ObjectKey& key) const;
  /// The object is not there any more: what is done for it ends.
  void gone(const ObjectKey& key);
  /// Owns nothing before it runs.
  Shards& shards();
  /// Why objects that it took over from another replica can't be read; absent when they can.
  std::optional<Error> fetch_failure() const;
  /// Writes and reads that wait for the API server end with Cancelled from now on.
  void give_up();
  /// How many resources of each kind are ready and how many are not.
  std::vector<telemetry::ReadyCount> ready_counts();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace slipway::cluster

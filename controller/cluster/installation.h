#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/assembly/assembly.h"
#include "controller/assembly/surroundings.h"
#include "controller/cluster/object_caches.h"
#include "controller/cluster/reference_namespaces.h"
#include "controller/http/transport_factory.h"
#include "controller/kube/api_client.h"
#include "controller/telemetry/metrics.h"

namespace slipway::cluster {

struct InstallationOptions {
  ReferenceNamespaces references;
  std::string publisher_id;
  std::string identity;                              ///< Of this replica, as events name it: the pod's name.
  std::chrono::milliseconds flush_events_for{5000};  ///< How long its end waits for those that are still to be sent.
  http::NetworkEnvironment network;
};

/// An assembly over the objects of a cluster. Thread-safe.
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
  /// Of every kind, behind who takes what is invalid.
  runtime::ReconcilersByKind reconcilers();
  /// Writes and reads that wait for the API server end with Cancelled from now on.
  void give_up();
  /// How many resources of each kind are ready and how many are not.
  std::vector<telemetry::ReadyCount> ready_counts();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace slipway::cluster

#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "controller/assembly/surroundings.h"
#include "controller/cluster/reference_namespaces.h"
#include "controller/kube/cluster_access.h"
#include "crds/base/result.h"

namespace slipway::cluster {

struct ServiceOptions {
  kube::ClusterAccess access;
  ReferenceNamespaces references;
  std::string publisher_id;     ///< Empty: the UID of the cluster's namespace kube-system.
  std::string audit_folder;     ///< Of the audit log; empty: standard output.
  std::string identity;         ///< Of this replica: the pod's name.
  std::string lease_namespace;  ///< Where the replicas' Leases are.
  std::string lease_group;      ///< Which of them share the work.
  std::string listen;           ///< HOST:PORT of the endpoints; empty: none.
  std::size_t workers = 8;
  std::chrono::milliseconds grace{45'000};  ///< How long it may take to end.
  std::map<std::string, std::string> environment;
};

/// Keeps the registries as the resources of a cluster say, together with the other replicas, until `stop` asks. Then
/// nothing new is begun; what runs may finish for half of the grace and is left so that another start goes on after
/// that. An error is one that keeps it from starting and that time does not mend: an address that is taken or none, a
/// proxy or server that is none, an audit log that can't be used. An API server that is away, or does not let us in, is
/// asked again until it does: readiness and log say so.
Result<void> serve(const ServiceOptions& options, const assembly::Surroundings& surroundings,
                   const std::stop_token& stop);

}  // namespace slipway::cluster

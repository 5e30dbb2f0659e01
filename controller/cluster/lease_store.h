#pragma once

#include <chrono>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/kube/lease.h"
#include "crds/base/result.h"

namespace slipway::cluster {

/// The Leases of the replicas. Each call is tried once and takes at most about `longest`. Reads are consistent: a list
/// shows every write that was answered before it was asked for.
class LeaseStore {
 public:
  virtual ~LeaseStore() = default;
  virtual Result<std::vector<kube::Lease>> list(std::chrono::milliseconds longest, const std::stop_token& stop) = 0;
  /// Conflict when it is there already.
  virtual Result<kube::Lease> create(const kube::Lease& lease, std::chrono::milliseconds longest,
                                     const std::stop_token& stop) = 0;
  /// Conflict when somebody wrote it since `lease.resource_version`, NotFound when it is gone.
  virtual Result<kube::Lease> update(const kube::Lease& lease, std::chrono::milliseconds longest,
                                     const std::stop_token& stop) = 0;
  /// Removes what has that resourceVersion and nothing newer; one that is gone is no error.
  virtual Result<void> remove(const kube::Lease& lease, std::chrono::milliseconds longest,
                              const std::stop_token& stop) = 0;
};

/// The Leases of every group of replicas in the cluster, wherever an installation may be, and in the namespaces `also`.
/// As LeaseStore::list(); `longest` is for each of the requests that it takes.
class ClusterLeases {
 public:
  virtual ~ClusterLeases() = default;
  virtual Result<std::vector<kube::Lease>> list_all(const std::set<std::string>& also,
                                                    std::chrono::milliseconds longest, const std::stop_token& stop) = 0;
};

}  // namespace slipway::cluster

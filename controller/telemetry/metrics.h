#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/runtime/work_queue.h"
#include "controller/runtime/work_watcher.h"
#include "crds/base/time.h"
#include "reconcilers/ports/blob_transfer.h"

namespace slipway::telemetry {

/// One answer, or none (`status` 0), of a registry or of the API server.
struct AnsweredRequest {
  std::string method;
  int status = 0;
  std::string host;
  std::chrono::nanoseconds took{};
  bool is_of_registry = false;  ///< Of a registry's: that a ContainerRegistry declares it.
};

/// How many objects of a kind have Ready of a status ("True", "False", "Unknown"), of one namespace where that is told.
struct ReadyCount {
  ResourceKind kind;
  std::string status;
  std::size_t count = 0;
  std::string namespace_name{};
  bool is_stalled = false;
  /// Of those that are not ready: since when the first of them is not; absent where none says.
  std::optional<Timestamp> unready_since{};
};

/// Every metric of the program, by name in metrics.cpp, there from the start at zero (those of a cluster: from the
/// first request or lease; those of the process: where there is a /proc). Label values are bounded: what comes from
/// outside is folded into "other" beyond the first 50 hosts that are declared, 50 that are not, and 500 namespaces.
/// Thread-safe, never fails.
class Metrics final : public runtime::WorkWatcher {
 public:
  explicit Metrics(const std::string& version);
  ~Metrics() override;

  void added(ResourceKind kind) override;
  void retried(const ObjectKey& key, std::chrono::milliseconds delay) override;
  void taken(ResourceKind kind, std::chrono::nanoseconds waited) override;
  void began(const ObjectKey& key, const std::string& reconcile_id) override;
  void ended(const runtime::Visit& visit) override;

  void set_queue(const std::map<ResourceKind, runtime::QueueStatistics>& statistics);
  void set_max_concurrent_reconciles(std::size_t workers);
  /// After the folder was read at `at`: how many problems it has, warnings aside.
  void set_manifests(std::size_t problems, Timestamp at);
  /// The repository of the manifests was asked at `at`; whether its newest commit was not taken.
  void git_fetched(Timestamp at, bool is_refused);
  void git_failed();
  void set_ready(const std::vector<ReadyCount>& counts);
  /// Whether the program can work, as /readyz says.
  void set_able(bool is_able);

  /// `outcome`: published, refused, failed. `reason`: a condition reason of ours.
  void publication(const std::string& outcome, const std::string& reason);
  /// `gate`: scan, signature, sbom, provenance.
  void gate_verdict(const std::string& gate, bool passed);
  void transferred(const BlobTransferReport& report);
  void tags_set(std::size_t count);
  /// Records of the audit log that were written, and times that none could be.
  void audited(std::size_t records);
  void audit_failed();
  void registry_request(const AnsweredRequest& request);
  void api_request(const AnsweredRequest& request);
  /// Whether this process holds the lease of that name.
  void set_lease(const std::string& name, bool is_held);

  /// Among how many replicas the work is shared, as this one sees it; 0 while it has no share.
  void set_shard_members(std::size_t count);

  /// Everything, in Prometheus' text format 0.0.4.
  std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace slipway::telemetry

#include "controller/cluster/cluster_health.h"

namespace slipway::cluster {

std::optional<std::string> why_it_cannot_work(const ClusterFacts& facts) {
  if (facts.start_failure) return "the API server can't be asked: " + facts.start_failure->message;
  if (!facts.is_connected) return "the API server has not answered yet";
  if (facts.watch_failure) return "resources can't be watched: " + facts.watch_failure->message;
  if (!facts.has_synced) return "not every kind of resource has been listed yet";
  if (facts.lease_failure) return "it has no lease, and no share of the work: " + facts.lease_failure->message;
  if (facts.write_failure) return "status can't be written: " + facts.write_failure->message;
  if (facts.audit_failure) return "changes can't be recorded, so none is made: " + facts.audit_failure->message;
  return std::nullopt;
}

}  // namespace slipway::cluster

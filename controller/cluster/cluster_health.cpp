#include "controller/cluster/cluster_health.h"

#include "reconcilers/readiness.h"

namespace slipway::cluster {
namespace {

std::string because(const std::string& what, const Error& error) {
  return what + ": " + to_text(error);
}

}  // namespace

std::optional<std::string> why_it_cannot_work(const ClusterFacts& facts) {
  if (facts.start_failure) return because("the API server can't be asked", *facts.start_failure);
  if (!facts.is_connected) return "the API server has not answered yet";
  if (facts.watch_failure) return because("resources can't be watched", *facts.watch_failure);
  if (!facts.has_synced) return "not every kind of resource has been listed yet";
  if (facts.lease_failure) return because("it has no sure share of the work", *facts.lease_failure);
  if (facts.fetch_failure) return because("resources that it took over can't be read", *facts.fetch_failure);
  if (facts.write_failure) return because("status can't be written", *facts.write_failure);
  if (facts.audit_failure) return because("changes can't be recorded, so none is made", *facts.audit_failure);
  return std::nullopt;
}

}  // namespace slipway::cluster

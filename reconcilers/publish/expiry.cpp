#include "reconcilers/publish/expiry.h"

#include "reconcilers/readiness.h"

namespace slipway::publish {

std::optional<Timestamp> expiry_of(const ImagePublication& publication) {
  const auto& [metadata, spec, status] = publication;
  if (!spec.ttl_after_published || spec.suspend || metadata.deletion_timestamp) return std::nullopt;
  const auto* ready = find_condition(status.conditions, kReady);
  const bool is_done = ready && ready->status == "True" && ready->observed_generation == metadata.generation;
  if (!is_done || !status.published || !status.published->at) return std::nullopt;
  return *status.published->at + *spec.ttl_after_published;
}

}  // namespace slipway::publish

#include "controller/manifests/ended_rollbacks.h"

#include <variant>

namespace slipway::manifests {

std::vector<Problem> ended_rollbacks(const ManifestReading& reading, Timestamp now) {
  std::vector<Problem> problems;
  for (const auto& each : reading.resources) {
    const auto* publication = std::get_if<ImagePublication>(&each.resource);
    if (publication == nullptr || !publication->spec.rollback) continue;
    const auto until = parse_until(publication->spec.rollback->until);
    if (!until || now < *until) continue;
    problems.push_back(each.where.told({.file = each.file,
                                        .place = {},
                                        .field = "spec.rollback.until",
                                        .message = "it is over: no tag goes back by this rollback",
                                        .expected = "write a later end, or remove the rollback",
                                        .reason = "Invalid",
                                        .warning = true}));
  }
  return problems;
}

}  // namespace slipway::manifests

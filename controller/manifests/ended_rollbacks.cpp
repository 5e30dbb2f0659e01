#include "controller/manifests/ended_rollbacks.h"

#include <string>
#include <variant>

namespace slipway::manifests {

std::vector<Problem> ended_rollbacks(const ManifestReading& reading, Timestamp now) {
  std::vector<Problem> problems;
  for (const auto& each : reading.resources) {
    const auto* publication = std::get_if<ImagePublication>(&each.resource);
    if (publication == nullptr || !publication->spec.rollback) continue;
    const auto until = parse_until(publication->spec.rollback->until);
    if (!until || now < *until) continue;
    const std::string field = "spec.rollback.until";
    problems.push_back({.file = each.file,
                        .place = place_of(each.root, field),
                        .field = field,
                        .message = "it is over: no tag goes back by this rollback",
                        .expected = "write a later end, or remove the rollback",
                        .reason = "Invalid",
                        .warning = true});
  }
  return problems;
}

}  // namespace slipway::manifests

#pragma once

#include <optional>
#include <string>

#include "crds/base/result.h"

namespace slipway::cluster {

/// What tells how a service stands with its API server.
struct ClusterFacts {
  bool is_connected = false;           ///< It has answered, once.
  std::optional<Error> start_failure;  ///< Why not, when it was tried last.
  bool has_synced = false;             ///< Every kind was listed whole, once.
  std::optional<Error> watch_failure;  ///< Why a kind can't be listed or watched now.
  std::optional<Error> lease_failure;  ///< Why it has no Lease of its own: then it has no share of the work.
  std::optional<Error> fetch_failure;  ///< Why what was taken over from another replica can't be read.
  std::optional<Error> write_failure;  ///< Why the latest write of a status failed.
  std::optional<Error> audit_failure;  ///< Why changes can't be recorded, so that none is made.
};

/// As assembly::HealthFacts has it.
std::optional<std::string> why_it_cannot_work(const ClusterFacts& facts);

}  // namespace slipway::cluster

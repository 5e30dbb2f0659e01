#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "controller/cluster/kept_registry_names.h"
#include "controller/cluster/shards.h"
#include "controller/runtime/named_turns.h"
#include "reconcilers/ports/repository_turns.h"

namespace slipway::cluster {

/// Turns per repository in a cluster: within this process one after the other; other replicas are kept out by the
/// shard. Thread-safe.
class ShardTurns final : public RepositoryTurns {
 public:
  /// What is given outlives it.
  ShardTurns(const Shards& shards, RegistryNamesNow names) : shards_(shards), names_(std::move(names)) {}
  /// Cancelled, too, when this replica does not own the repository's shard.
  Result<std::unique_ptr<Turn>> take(const std::string& host, const std::string& repository,
                                     std::stop_token stop) override;

 private:
  const Shards& shards_;
  const RegistryNamesNow names_;
  runtime::NamedTurns turns_;
};

}  // namespace slipway::cluster

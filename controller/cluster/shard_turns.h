#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "controller/cluster/shards.h"
#include "controller/runtime/named_turns.h"
#include "reconcilers/ports/repository_turns.h"

namespace slipway::cluster {

/// Turns per repository in a cluster: within this process one after the other; other replicas are kept out by the
/// shard. Thread-safe.
class ShardTurns final : public RepositoryTurns {
 public:
  /// `shards` outlives it.
  explicit ShardTurns(const Shards& shards) : shards_(shards) {}
  /// Cancelled, too, when this replica does not own the repository's shard.
  Result<std::unique_ptr<Turn>> take(const std::string& host, const std::string& repository,
                                     std::stop_token stop) override;

 private:
  const Shards& shards_;
  runtime::NamedTurns turns_;
};

}  // namespace slipway::cluster

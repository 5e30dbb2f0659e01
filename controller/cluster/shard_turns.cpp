#include "controller/cluster/shard_turns.h"

#include <utility>

#include "controller/cluster/shard_keys.h"
#include "reconcilers/registry_name.h"

namespace slipway::cluster {
namespace {

class HeldTurn final : public RepositoryTurns::Turn {
 public:
  explicit HeldTurn(std::unique_ptr<runtime::NamedTurns::Turn> turn) : turn_(std::move(turn)) {}

 private:
  std::unique_ptr<runtime::NamedTurns::Turn> turn_;
};

}  // namespace

Result<std::unique_ptr<RepositoryTurns::Turn>> ShardTurns::take(const std::string& host, const std::string& repository,
                                                                std::stop_token stop) {
  const std::string shard = repository_shard(names_()->one_name_of(registry_name(host, false)), repository);
  auto turn = turns_.take(shard, stop);
  if (!turn) return fail(ErrorClass::Cancelled, "waiting for the turn on " + repository + " was stopped");
  // Asked last: the wait may have been long.
  if (!shards_.owns(shard)) return fail(ErrorClass::Cancelled, "another replica writes to " + shard + " now");
  return std::make_unique<HeldTurn>(std::move(turn));
}

}  // namespace slipway::cluster

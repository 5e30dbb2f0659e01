#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace slipway::cluster {

/// Names of replicas.
using Members = std::set<std::string, std::less<>>;

/// How much a member wants a key. The same in every build: replicas of different builds share one map.
std::uint64_t shard_weight(std::string_view shard_key, std::string_view member);

/// The member that wants the key most (rendezvous hashing): a member that comes takes its share from all the others,
/// one that goes leaves its share to them, and no other key moves. Empty without members.
std::string_view owner_of(std::string_view shard_key, const Members& members);

}  // namespace slipway::cluster

#include "controller/cluster/shard_map.h"

namespace slipway::cluster {
namespace {

/// FNV-1a, 64 bits.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char byte : text) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3u;
  }
  return hash;
}

/// The last step of splitmix64: names that differ in one letter end far apart.
std::uint64_t spread(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

}  // namespace

std::uint64_t shard_weight(std::string_view shard_key, std::string_view member) {
  return spread(hash_of(shard_key) ^ spread(hash_of(member)));
}

std::string_view owner_of(std::string_view shard_key, const Members& members) {
  std::string_view owner;
  std::uint64_t most = 0;
  for (const std::string& member : members) {
    const std::uint64_t weight = shard_weight(shard_key, member);
    // Of equal ones the first by name.
    if (!owner.empty() && weight <= most) continue;
    owner = member;
    most = weight;
  }
  return owner;
}

}  // namespace slipway::cluster

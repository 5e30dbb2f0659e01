#include "controller/cluster/shard_keys.h"

namespace slipway::cluster {

std::string repository_shard(const std::string& one_name, const std::string& repository) {
  return one_name + '/' + repository;
}

std::string shard_key_of(const ImagePublication& publication, const ContainerRegistry* registry,
                         const RegistryNames& names) {
  const std::string& repository = publication.spec.repository;
  return registry != nullptr ? repository_shard(names.one_name_of(*registry), repository)
                             : publication.spec.registry_ref.name + '/' + repository;
}

std::string shard_key_of(const ContainerRegistry& registry) {
  return registry.metadata.name;
}

std::string shard_key_of(const RetentionPolicy& policy) {
  return policy.metadata.namespace_name + '/' + policy.metadata.name;
}

}  // namespace slipway::cluster

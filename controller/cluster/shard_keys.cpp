#include "controller/cluster/shard_keys.h"

#include "reconcilers/registry_name.h"

namespace slipway::cluster {

std::string repository_shard(const std::string& registry_name, const std::string& repository) {
  return registry_name + '/' + repository;
}

std::string shard_key_of(const ImagePublication& publication, const ContainerRegistry* registry) {
  const std::string& repository = publication.spec.repository;
  return registry != nullptr ? repository_shard(registry_name(*registry), repository)
                             : publication.spec.registry_ref.name + '/' + repository;
}

std::string shard_key_of(const ContainerRegistry& registry) {
  return registry.metadata.name;
}

std::string shard_key_of(const RetentionPolicy& policy) {
  return policy.metadata.namespace_name + '/' + policy.metadata.name;
}

}  // namespace slipway::cluster

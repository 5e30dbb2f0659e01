#include "controller/cluster/shard_keys.h"

#include "controller/registry/docker_hub.h"
#include "crds/base/text.h"

namespace slipway::cluster {

std::string repository_shard(const std::string& login_server, const std::string& repository) {
  return registry::wire_host(lower_case(login_server)) + '/' + repository;
}

std::string shard_key_of(const ImagePublication& publication, const ContainerRegistry* registry) {
  const std::string& repository = publication.spec.repository;
  return registry != nullptr ? repository_shard(registry->spec.login_server, repository)
                             : publication.spec.registry_ref.name + '/' + repository;
}

std::string shard_key_of(const ContainerRegistry& registry) {
  return registry.metadata.name;
}

std::string shard_key_of(const RetentionPolicy& policy) {
  return policy.metadata.namespace_name + '/' + policy.metadata.name;
}

}  // namespace slipway::cluster

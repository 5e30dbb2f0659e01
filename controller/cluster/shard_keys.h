#pragma once

#include <string>

#include "crds/v1alpha1/resources.h"
#include "reconcilers/registry_names.h"

namespace slipway::cluster {

/// What decides who writes to a repository, of the registry with that one name (RegistryNames).
std::string repository_shard(const std::string& one_name, const std::string& repository);

/// Of a publication: its repository; where its ContainerRegistry (`registry`) is not there (null), registryRef instead
/// of the host: such a one publishes nothing.
std::string shard_key_of(const ImagePublication& publication, const ContainerRegistry* registry,
                         const RegistryNames& names);
/// Its name.
std::string shard_key_of(const ContainerRegistry& registry);
/// Namespace and name.
std::string shard_key_of(const RetentionPolicy& policy);

}  // namespace slipway::cluster

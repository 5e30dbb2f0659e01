#include "controller/cluster/shard_handover.h"

#include <utility>

#include "controller/cluster/shard_keys.h"

namespace slipway::cluster {
namespace {

Result<void> is_behind(const ObjectKey& key) {
  return fail(ErrorClass::Unavailable, "the watch is behind the API server with " + to_string(key),
              "wait: it is tried again by itself");
}

template <class T>
Result<void> take_over(runtime::ObjectCache<T>& cache, Result<runtime::Reflected<T>> fetched, const ObjectKey& key) {
  if (!fetched) return std::unexpected(std::move(fetched.error()));
  const ObjectMeta wanted = fetched->object.metadata;
  cache.wrote(std::move(*fetched));
  const auto kept = cache.find(name_of(key));
  if (kept == nullptr || kept->object.metadata.uid != wanted.uid) return is_behind(key);
  const bool is_newer = runtime::is_later(wanted.resource_version, kept->object.metadata.resource_version);
  return is_newer ? is_behind(key) : Result<void>{};
}

Result<void> take_over(ObjectCaches& caches, const Node& object, const ObjectKey& key) {
  switch (key.kind) {
    case ResourceKind::ImagePublication:
      return take_over(caches.publications, kube::decode_publication(object), key);
    case ResourceKind::ContainerRegistry:
      return take_over(caches.registries, kube::decode_registry(object), key);
    case ResourceKind::RetentionPolicy:
      return take_over(caches.retention_policies, kube::decode_retention_policy(object), key);
  }
  return {};
}

template <class T>
std::optional<std::string> kept_shard(runtime::ObjectCache<T>& cache, const ObjectKey& key) {
  const auto kept = cache.find(name_of(key));
  return kept == nullptr ? std::nullopt : std::optional(shard_key_of(kept->object));
}

std::optional<std::string> publication_shard(ObjectCaches& caches, const ObjectKey& key) {
  const auto publication = caches.publications.find(name_of(key));
  if (publication == nullptr) return std::nullopt;
  const auto registry = caches.registries.find({"", publication->object.spec.registry_ref.name});
  return shard_key_of(publication->object, registry == nullptr ? nullptr : &registry->object,
                      *caches.registry_names.now());
}

}  // namespace

ShardOf shard_of(ObjectCaches& caches) {
  return [&caches](const ObjectKey& key) -> std::optional<std::string> {
    switch (key.kind) {
      case ResourceKind::ImagePublication:
        return publication_shard(caches, key);
      case ResourceKind::ContainerRegistry:
        return kept_shard(caches.registries, key);
      case ResourceKind::RetentionPolicy:
        return kept_shard(caches.retention_policies, key);
    }
    return std::nullopt;
  };
}

Refresh refresh(ObjectCaches& caches, kube::ApiClient& client) {
  return [&caches, &client](const ObjectKey& key, const std::stop_token& stop) -> Result<void> {
    const auto found = client.find(kube::get({kube::resource_of(key.kind), key.namespace_name, key.name, ""}), stop);
    if (!found) return std::unexpected(found.error());
    return *found ? take_over(caches, **found, key) : is_behind(key);
  };
}

}  // namespace slipway::cluster

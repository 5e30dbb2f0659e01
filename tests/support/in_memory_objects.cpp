#include "tests/support/in_memory_objects.h"

#include <algorithm>

namespace slipway::tests {
namespace {

/// Of what never was loaded none.
std::int64_t revision_of(const ObjectMeta& metadata) {
  return metadata.resource_version.empty() ? 0 : std::stoll(metadata.resource_version);
}

}  // namespace

void InMemoryObjects::apply(ImagePublication object) {
  const ObjectKey key{ResourceKind::ImagePublication, object.metadata.namespace_name, object.metadata.name};
  const auto found = published.find(key);
  if (found == published.end()) {
    object.metadata.generation = 1;
    object.metadata.uid = key.namespace_name + "/" + key.name;
    count_write(object.metadata);
    published.emplace(key, std::move(object));
    return;
  }
  auto& stored = found->second;
  if (stored.spec != object.spec) ++stored.metadata.generation;
  stored.spec = std::move(object.spec);
  stored.metadata.annotations = std::move(object.metadata.annotations);
  count_write(stored.metadata);
}

void InMemoryObjects::write_as_another(const ObjectKey& key, ImagePublicationStatus status) {
  auto& object = published.at(key);
  object.status = std::move(status);
  count_write(object.metadata);
  by_others_[key] = revision_;
}

void InMemoryObjects::remove(const ObjectKey& key, Timestamp now) {
  const auto found = published.find(key);
  if (found == published.end()) return;
  found->second.metadata.deletion_timestamp = now;
  if (found->second.metadata.finalizers.empty()) published.erase(found);
}

Result<std::optional<Loaded<ImagePublication>>> InMemoryObjects::publication(const ObjectKey& key) {
  const auto found = published.find(key);
  if (found == published.end()) return std::nullopt;
  return Loaded<ImagePublication>{found->second, "/manifests"};
}

Result<std::optional<ContainerRegistry>> InMemoryObjects::registry(const std::string& name) {
  const auto found = kept_registries.find(name);
  return found == kept_registries.end() ? std::nullopt : std::optional(found->second);
}

Result<std::vector<ContainerRegistry>> InMemoryObjects::registries() {
  std::vector<ContainerRegistry> all;
  for (const auto& [name, registry] : kept_registries) all.push_back(registry);
  return all;
}

Result<std::optional<RetentionPolicy>> InMemoryObjects::retention_policy(const ObjectKey&) {
  return std::nullopt;
}

Result<std::map<std::string, std::string>> InMemoryObjects::namespace_labels(const std::string& name) {
  if (before_labels)
    if (auto readable = before_labels(); !readable) return std::unexpected(std::move(readable.error()));
  auto found = labels[name];
  found["kubernetes.io/metadata.name"] = name;
  return found;
}

Result<std::optional<SecretObject>> InMemoryObjects::secret(const std::string& namespace_name,
                                                            const std::string& name) {
  const auto found = secrets.find({namespace_name, name});
  return found == secrets.end() ? std::nullopt : std::optional(found->second);
}

Result<std::optional<ConfigMapObject>> InMemoryObjects::config_map(const std::string& namespace_name,
                                                                   const std::string& name) {
  if (config_maps_fail) return std::unexpected(*config_maps_fail);
  const auto found = config_maps.find({namespace_name, name});
  return found == config_maps.end() ? std::nullopt : std::optional(found->second);
}

Result<std::string> InMemoryObjects::file(const std::string&, const std::string& path, std::size_t) {
  const auto found = files.find(path);
  if (found != files.end()) return found->second;
  return fail(ErrorClass::NotFound, "file " + path + " is not there", "write it");
}

Result<SharedPublications> InMemoryObjects::publications_to(const std::string& repository) {
  SharedPublications all;
  for (const auto& [key, object] : published)
    if (object.spec.repository == repository) all.push_back(std::make_shared<const ImagePublication>(object));
  return all;
}

Result<void> InMemoryObjects::write_status(const ImagePublication& object) {
  if (before_write)
    if (auto allowed = before_write(); !allowed) return allowed;
  const ObjectKey key{ResourceKind::ImagePublication, object.metadata.namespace_name, object.metadata.name};
  const auto found = published.find(key);
  if (found == published.end() || found->second.metadata.generation != object.metadata.generation)
    return fail(ErrorClass::Conflict, to_string(key) + " is gone or newer", "read it again");
  if (found->second.status == object.status) return {};
  const auto other = by_others_.find(key);
  if (other != by_others_.end() && revision_of(object.metadata) < other->second)
    return fail(ErrorClass::Conflict, "another process wrote the status of " + to_string(key), "read it again");
  found->second.status = object.status;
  count_write(found->second.metadata);
  written.push_back(object.status);
  return {};
}

Result<void> InMemoryObjects::write_status(const ContainerRegistry& object) {
  kept_registries[object.metadata.name].status = object.status;
  return {};
}

Result<void> InMemoryObjects::write_status(const RetentionPolicy&) {
  return {};
}

Result<void> InMemoryObjects::set_finalizer(const ObjectKey& key, bool wanted) {
  for (const auto& before : {before_write, before_finalizer})
    if (before)
      if (auto allowed = before(); !allowed) return allowed;
  const auto found = published.find(key);
  if (found == published.end() && wanted) return fail(ErrorClass::NotFound, to_string(key) + " is gone", "-");
  if (found == published.end()) return {};
  auto& finalizers = found->second.metadata.finalizers;
  std::erase(finalizers, kFinalizer);
  if (wanted) finalizers.emplace_back(kFinalizer);
  count_write(found->second.metadata);
  if (finalizers.empty() && found->second.metadata.deletion_timestamp) published.erase(found);
  return {};
}

Result<void> InMemoryObjects::remove(const ImagePublication& object) {
  if (before_write)
    if (auto allowed = before_write(); !allowed) return allowed;
  const auto found = published.find(key_of(object));
  if (found == published.end()) return {};
  if (found->second.metadata.generation != object.metadata.generation)
    return fail(ErrorClass::Conflict, to_string(key_of(object)) + " is newer", "-");
  published.erase(found);
  return {};
}

}  // namespace slipway::tests

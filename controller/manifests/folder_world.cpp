#include "controller/manifests/folder_world.h"

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>
#include <variant>

#include "controller/files/version.h"
#include "controller/manifests/resource_identity.h"
#include "crds/base/digest.h"
#include "crds/base/document.h"
#include "reconcilers/access.h"

namespace slipway::manifests {

namespace {

template <class T>
concept Owned = requires { T::kKind; };

/// Only what a person wrote: the rest is the state database's to say.
template <Owned T>
void keep_what_was_written(T& object) {
  object.metadata = {.name = std::move(object.metadata.name),
                     .namespace_name = std::move(object.metadata.namespace_name),
                     .uid = {},
                     .resource_version = {},
                     .labels = std::move(object.metadata.labels),
                     .annotations = std::move(object.metadata.annotations),
                     .finalizers = {},
                     .creation_timestamp = {},
                     .deletion_timestamp = {}};
  object.status = {};
}

template <Owned T>
OwnedObject owned(T object, const ManifestResource& from, const OwnedObject* known) {
  keep_what_was_written(object);
  const T* same = known == nullptr ? nullptr : std::get_if<T>(&known->resource);
  if (same != nullptr && *same == object)
    return {std::move(object), from.base_folder, from.origin, known->text, known->spec_hash};
  const Node node = to_node(object);
  const Node* spec = node.find("spec");
  const auto hash = Digest::of(spec == nullptr ? "" : to_json_text(*spec));
  return {std::move(object), from.base_folder, from.origin, to_json_text(node), hash.str()};
}

Reference reference_to(const Resource& resource) {
  const ResourceIdentity identity = identity_of(resource);
  auto kind = Reference::Kind::Namespace;
  if (std::holds_alternative<SecretObject>(resource)) kind = Reference::Kind::Secret;
  if (std::holds_alternative<ConfigMapObject>(resource)) kind = Reference::Kind::ConfigMap;
  return {kind, identity.namespace_name, identity.name};
}

std::string version_of(const Reference& file, bool is_final) {
  const auto path = std::filesystem::path{file.scope} / file.name;
  return (is_final ? files::version_of_final(path) : files::version_of(path)).value_or("");
}

template <class Map>
std::set<typename Map::key_type> differences(const Map& before, const Map& now) {
  std::set<typename Map::key_type> keys;
  for (const auto& [key, value] : before)
    if (const auto found = now.find(key); found == now.end() || !(found->second == value)) keys.insert(key);
  for (const auto& [key, value] : now)
    if (!before.contains(key)) keys.insert(key);
  return keys;
}

using Changes = std::set<Reference>;

bool refers_to(const std::set<Reference>& references, const Changes& changes) {
  return std::ranges::any_of(references, [&](const auto& reference) { return changes.contains(reference); });
}

/// Of both worlds, what is there of that registry.
std::vector<const ContainerRegistry*> versions_of(const ObjectKey& key, const FolderWorld& before,
                                                  const FolderWorld& now) {
  std::vector<const ContainerRegistry*> versions;
  for (const FolderWorld* world : {&before, &now})
    if (const auto found = world->owned.find(key); found != world->owned.end())
      if (const auto* registry = std::get_if<ContainerRegistry>(&found->second.resource)) versions.push_back(registry);
  return versions;
}

/// Whether the image comes from a host that one of `registries` is.
bool is_kept_by(const std::vector<const ContainerRegistry*>& registries, const Resource& resource) {
  const auto* object = std::get_if<ImagePublication>(&resource);
  return object != nullptr &&
         std::ranges::any_of(registries, [&](const auto* registry) { return keeps_source_of(*registry, *object); });
}

struct ReferencesOf {
  const std::string& base_folder;
  const std::string& controller_namespace;
  std::set<Reference> operator()(const ImagePublication& object) const { return references_of(object, base_folder); }
  std::set<Reference> operator()(const ContainerRegistry& object) const {
    return references_of(object, controller_namespace);
  }
  std::set<Reference> operator()(const RetentionPolicy& object) const { return references_of(object); }
  template <class T>
  std::set<Reference> operator()(const T&) const {
    return {};
  }
};

}  // namespace

std::optional<ObjectKey> key_of(const Resource& resource) {
  return std::visit(
      []<class T>(const T& object) -> std::optional<ObjectKey> {
        if constexpr (Owned<T>)
          return slipway::key_of(object);
        else
          return std::nullopt;
      },
      resource);
}

FolderWorld world_of(const ManifestReading& reading, const FolderWorld& before) {
  FolderWorld now;
  const auto add = [&]<class T>(const T& object, const ManifestResource& from) {
    if constexpr (Owned<T>) {
      const ObjectKey key = slipway::key_of(object);
      const auto known = before.owned.find(key);
      now.owned.emplace(key, owned(object, from, known == before.owned.end() ? nullptr : &known->second));
    } else {
      now.others.emplace(reference_to(object), object);
    }
  };
  for (const auto& from : reading.resources) std::visit([&](const auto& object) { add(object, from); }, from.resource);
  return now;
}

std::optional<OwnedObject> object_of(const StateRow& row) {
  auto parsed = parse_resources(row.last_object, row.origin);
  if (parsed.resources.size() != 1 || key_of(parsed.resources.front().resource) != row.key) return std::nullopt;
  const ManifestResource from{
      .resource = {}, .file = {}, .place = {}, .base_folder = row.base_folder, .origin = row.origin};
  auto object = std::visit(
      [&]<class T>(T& read) -> OwnedObject {
        if constexpr (Owned<T>)
          return owned(std::move(read), from, nullptr);
        else
          return {};
      },
      parsed.resources.front().resource);
  object.is_being_deleted = row.deleted_at.has_value();
  return object;
}

void index_publications(FolderWorld& world) {
  for (const auto& [key, object] : world.owned)
    if (const auto* publication = std::get_if<ImagePublication>(&object.resource))
      world.publications_to[publication->spec.repository].push_back(key);
}

void look_at_files(FolderWorld& world, bool are_final) {
  for (const auto& [key, object] : world.owned) {
    const auto* publication = std::get_if<ImagePublication>(&object.resource);
    if (publication == nullptr) continue;
    for (const auto& reference : references_of(*publication, object.base_folder))
      if (reference.kind == Reference::Kind::File && !world.files.contains(reference))
        world.files.emplace(reference, version_of(reference, are_final));
  }
}

WorldNews news(const FolderWorld& before, const FolderWorld& now, const std::string& controller_namespace) {
  WorldNews found{.edited = differences(before.owned, now.owned), .again = {}};
  const auto add_who_refers = [&](std::set<ObjectKey>& to, const Changes& changes) {
    if (changes.empty()) return;
    for (const auto& [key, object] : now.owned)
      if (refers_to(std::visit(ReferencesOf{object.base_folder, controller_namespace}, object.resource), changes))
        to.insert(key);
  };
  Changes changes = differences(before.others, now.others);
  changes.merge(differences(before.files, now.files));
  add_who_refers(found.edited, changes);
  // Who uses a registry is concerned by its credentials, too.
  Changes changed_registries;
  std::vector<const ContainerRegistry*> registries;
  for (const auto& key : found.edited) {
    if (key.kind != ResourceKind::ContainerRegistry) continue;
    changed_registries.insert({Reference::Kind::Registry, {}, key.name});
    std::ranges::copy(versions_of(key, before, now), std::back_inserter(registries));
  }
  add_who_refers(found.again, changed_registries);
  for (const auto& [key, object] : now.owned)
    if (is_kept_by(registries, object.resource)) found.again.insert(key);
  std::erase_if(found.again, [&](const ObjectKey& key) { return found.edited.contains(key); });
  return found;
}

}  // namespace slipway::manifests

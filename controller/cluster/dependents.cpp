#include "controller/cluster/dependents.h"

#include <algorithm>
#include <array>
#include <set>

#include "reconcilers/access.h"
#include "reconcilers/registry_names.h"

namespace slipway::cluster {
namespace {

/// A registry as it was and as it is.
class Versions {
 public:
  Versions(const ContainerRegistry* before, const ContainerRegistry* now) : versions_{before, now} {}

  bool is_used_by(const ImagePublication& object) const {
    return std::ranges::any_of(versions_,
                               [&](const auto* each) { return each != nullptr && slipway::is_used_by(*each, object); });
  }
  bool is_used_by(const RetentionPolicy& object) const {
    return std::ranges::any_of(versions_, [&](const auto* each) {
      return each != nullptr && each->metadata.name == object.spec.registry_ref.name;
    });
  }

 private:
  const std::array<const ContainerRegistry*, 2> versions_;
};

/// Metadata names of the others that are one registry with `one`.
void add_others_of(const ContainerRegistry& one, const ObjectCaches& caches, std::set<std::string>& others) {
  RegistryNames names;
  names.add(one);
  const auto all = caches.registries.all();
  const auto is_other = [&](const auto& entry) { return entry->object.metadata.name != one.metadata.name; };
  for (const auto& entry : all)
    if (is_other(entry)) names.add(entry->object);
  for (const auto& entry : all)
    if (is_other(entry) && names.one_name_of(entry->object) == names.one_name_of(one))
      others.insert(entry->object.metadata.name);
}

template <class T, class Wanted>
void append_keys(std::vector<ObjectKey>& keys, const runtime::ObjectCache<T>& cache, Wanted wanted) {
  for (const auto& entry : cache.all())
    if (wanted(entry->object)) keys.push_back(key_of(entry->object));
}

template <class Wanted>
std::vector<ObjectKey> keys_of(const ObjectCaches& caches, Wanted wanted) {
  std::vector<ObjectKey> keys;
  append_keys(keys, caches.publications, wanted);
  append_keys(keys, caches.retention_policies, wanted);
  return keys;
}

}  // namespace

std::vector<ObjectKey> users_of(const ContainerRegistry* before, const ContainerRegistry* now,
                                const ObjectCaches& caches) {
  const Versions versions(before, now);
  return keys_of(caches, [&](const auto& object) { return versions.is_used_by(object); });
}

std::vector<ObjectKey> renamed_with(const ContainerRegistry* before, const ContainerRegistry* now,
                                    const ObjectCaches& caches) {
  std::set<std::string> others;
  if (has_other_names(before, now))
    for (const ContainerRegistry* each : {before, now})
      if (each != nullptr) add_others_of(*each, caches, others);
  std::vector<ObjectKey> keys;
  if (others.empty()) return keys;
  append_keys(keys, caches.publications,
              [&](const ImagePublication& object) { return others.contains(object.spec.registry_ref.name); });
  return keys;
}

std::vector<ObjectKey> unready_users_of(const ContainerRegistry& registry, const ObjectCaches& caches) {
  std::vector<ObjectKey> keys;
  append_keys(keys, caches.publications,
              [&](const ImagePublication& object) { return is_unready_user(registry, object); });
  return keys;
}

std::vector<ObjectKey> objects_in(const std::string& namespace_name, const ObjectCaches& caches) {
  return keys_of(caches, [&](const auto& object) { return object.metadata.namespace_name == namespace_name; });
}

}  // namespace slipway::cluster

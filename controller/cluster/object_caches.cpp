#include "controller/cluster/object_caches.h"

namespace slipway::cluster {
namespace {

/// Whether what an object refers to can be another than before.
template <class T>
bool may_refer_to_others(const runtime::Reflected<T>* before, const runtime::Reflected<T>* now) {
  return before == nullptr || now == nullptr || before->object.spec != now->object.spec;
}

template <class T>
const T* object_in(const runtime::Reflected<T>* reflected) {
  return reflected == nullptr ? nullptr : &reflected->object;
}

template <class T>
void keep_index(runtime::ObjectCache<T>& cache, ReferenceIndex& index) {
  cache.add_follower([&index](const runtime::Reflected<T>* before, const runtime::Reflected<T>* now) {
    if (may_refer_to_others(before, now)) index.moved(object_in(before), object_in(now));
  });
}

template <class T>
void append_keys(std::vector<ObjectKey>& keys, const runtime::ObjectCache<T>& cache) {
  for (const auto& entry : cache.all()) keys.push_back(key_of(entry->object));
}

}  // namespace

ObjectCaches::ObjectCaches(const std::string& controller_namespace) : references(controller_namespace) {
  keep_index(publications, references);
  keep_index(registries, references);
  keep_index(retention_policies, references);
}

std::vector<ObjectKey> ObjectCaches::keys() const {
  std::vector<ObjectKey> keys;
  append_keys(keys, registries);
  append_keys(keys, publications);
  append_keys(keys, retention_policies);
  return keys;
}

}  // namespace slipway::cluster

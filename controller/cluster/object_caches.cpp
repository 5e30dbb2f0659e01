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
void visit_keys(const runtime::ObjectCache<T>& cache, const std::function<void(const ObjectKey&)>& visit) {
  for (const auto& entry : cache.all()) visit(key_of(entry->object));
}

}  // namespace

ObjectCaches::ObjectCaches(const std::string& controller_namespace) : references(controller_namespace) {
  keep_index(publications, references);
  keep_index(registries, references);
  keep_index(retention_policies, references);
}

void ObjectCaches::for_each_key(const std::function<void(const ObjectKey&)>& visit) const {
  visit_keys(registries, visit);
  visit_keys(publications, visit);
  visit_keys(retention_policies, visit);
}

std::size_t ObjectCaches::size() const {
  return registries.size() + publications.size() + retention_policies.size();
}

}  // namespace slipway::cluster

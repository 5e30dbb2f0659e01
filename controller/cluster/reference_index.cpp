#include "controller/cluster/reference_index.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace slipway::cluster {
namespace {

using Kind = Reference::Kind;

void take_out(std::map<Reference, std::set<ObjectKey>>& referrers, const Reference& reference, const ObjectKey& key) {
  const auto found = referrers.find(reference);
  if (found == referrers.end()) return;
  found->second.erase(key);
  if (found->second.empty()) referrers.erase(found);
}

std::size_t hash_of(const std::string& repository) {
  return std::hash<std::string>{}(repository);
}

std::set<Reference> to_secrets_and_config_maps(std::set<Reference> references) {
  std::erase_if(references,
                [](const Reference& each) { return each.kind != Kind::Secret && each.kind != Kind::ConfigMap; });
  return references;
}

/// What `object` refers to; nothing of null.
template <class T, class ReferencesOf>
std::set<Reference> references(const T* object, ReferencesOf of) {
  return object == nullptr ? std::set<Reference>{} : to_secrets_and_config_maps(of(*object));
}

template <class T>
ObjectKey key_of_either(const T* before, const T* now) {
  return key_of(now != nullptr ? *now : *before);
}

}  // namespace

void ReferenceIndex::moved(const ImagePublication* before, const ImagePublication* now) {
  const auto of = [](const ImagePublication& object) { return references_of(object, ""); };
  const ObjectKey key = key_of_either(before, now);
  replace(key, references(before, of), references(now, of));
  const runtime::ObjectName name{key.namespace_name, key.name};
  const auto state = state_.lock();
  if (before != nullptr) {
    const auto [begin, end] = state->by_repository.equal_range(hash_of(before->spec.repository));
    const auto kept = std::find_if(begin, end, [&](const auto& each) { return each.second == name; });
    if (kept != end) state->by_repository.erase(kept);
  }
  if (now != nullptr) state->by_repository.emplace(hash_of(now->spec.repository), name);
}

void ReferenceIndex::moved(const ContainerRegistry* before, const ContainerRegistry* now) {
  const auto of = [this](const ContainerRegistry& object) { return references_of(object, controller_namespace_); };
  replace(key_of_either(before, now), references(before, of), references(now, of));
}

void ReferenceIndex::moved(const RetentionPolicy* before, const RetentionPolicy* now) {
  const auto of = [](const RetentionPolicy& object) { return references_of(object); };
  replace(key_of_either(before, now), references(before, of), references(now, of));
}

void ReferenceIndex::replace(const ObjectKey& key, const std::set<Reference>& before, const std::set<Reference>& now) {
  if (before == now) return;
  const auto state = state_.lock();
  for (const Reference& each : before)
    if (!now.contains(each)) take_out(state->referrers, each, key);
  for (const Reference& each : now) state->referrers[each].insert(key);
}

std::vector<ObjectKey> ReferenceIndex::who_refers_to(const Reference& reference) const {
  const auto state = state_.lock();
  const auto found = state->referrers.find(reference);
  if (found == state->referrers.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<ObjectKey> ReferenceIndex::who_refers_into(Kind kind, const std::string& namespace_name) const {
  std::set<ObjectKey> keys;
  const auto state = state_.lock();
  const auto is_inside = [&](const Reference& each) { return each.kind == kind && each.scope == namespace_name; };
  for (auto each = state->referrers.lower_bound({kind, namespace_name, {}});
       each != state->referrers.end() && is_inside(each->first); ++each)
    keys.insert(each->second.begin(), each->second.end());
  return {keys.begin(), keys.end()};
}

std::set<std::string> ReferenceIndex::namespaces_with(Kind kind) const {
  std::set<std::string> namespaces;
  const auto state = state_.lock();
  auto each = state->referrers.lower_bound({kind, {}, {}});
  while (each != state->referrers.end() && each->first.kind == kind) {
    const std::string& here = *namespaces.insert(each->first.scope).first;
    each = state->referrers.lower_bound({kind, here + '\0', {}});
  }
  return namespaces;
}

std::vector<runtime::ObjectName> ReferenceIndex::candidates_for(const std::string& repository) const {
  std::vector<runtime::ObjectName> names;
  const auto state = state_.lock();
  const auto [begin, end] = state->by_repository.equal_range(hash_of(repository));
  std::transform(begin, end, std::back_inserter(names), [](const auto& each) { return each.second; });
  return names;
}

}  // namespace slipway::cluster

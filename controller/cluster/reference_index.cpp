#include "controller/cluster/reference_index.h"

#include <algorithm>

namespace slipway::cluster {
namespace {

using Kind = Reference::Kind;

template <class Name>
void take_out(std::map<Name, std::set<ObjectKey>>& keys, const Name& name, const ObjectKey& key) {
  const auto found = keys.find(name);
  if (found == keys.end()) return;
  found->second.erase(key);
  if (found->second.empty()) keys.erase(found);
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
  const auto state = state_.lock();
  if (before != nullptr) take_out(state->by_repository, before->spec.repository, key);
  if (now != nullptr) state->by_repository[now->spec.repository].insert(key);
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

std::vector<ObjectKey> ReferenceIndex::publications_to(const std::string& repository) const {
  const auto state = state_.lock();
  const auto found = state->by_repository.find(repository);
  if (found == state->by_repository.end()) return {};
  return {found->second.begin(), found->second.end()};
}

}  // namespace slipway::cluster

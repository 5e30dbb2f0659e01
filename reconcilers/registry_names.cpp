#include "reconcilers/registry_names.h"

#include <algorithm>

#include "reconcilers/registry_name.h"

namespace slipway {

RegistryNames::RegistryNames(const std::vector<ContainerRegistry>& all) {
  for (const ContainerRegistry& registry : all) add(registry);
}

void RegistryNames::add(const ContainerRegistry& registry) {
  if (registry.spec.login_server.empty()) return;
  const std::string login_server = registry_name(registry);
  std::set<std::string> own{login_server};
  for (const std::string& alias : registry.spec.aliases) own.insert(registry_name(alias, registry.spec.plain_http));
  const auto joined = std::make_shared<Names>(Names{login_server, own});
  for (const std::string& name : own) {
    const auto known = by_name_.find(name);
    if (known == by_name_.end()) continue;
    joined->one = std::min(joined->one, known->second->one);
    joined->all.insert(known->second->all.begin(), known->second->all.end());
  }
  for (const std::string& name : joined->all) by_name_.insert_or_assign(name, joined);
}

std::string RegistryNames::one_name_of(const std::string& registry_name) const {
  const auto known = by_name_.find(registry_name);
  return known == by_name_.end() ? registry_name : known->second->one;
}

std::string RegistryNames::one_name_of(const ContainerRegistry& registry) const {
  return one_name_of(registry_name(registry));
}

std::set<std::string> RegistryNames::all_names_of(const std::string& registry_name) const {
  const auto known = by_name_.find(registry_name);
  return known == by_name_.end() ? std::set{registry_name} : known->second->all;
}

}  // namespace slipway

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "crds/v1alpha1/container_registry.h"

namespace slipway {

/// Which registry_name()s are one registry's: the loginServer and the aliases of a ContainerRegistry are, and so are
/// those of all that have a name in common, of their own or through others.
class RegistryNames {
 public:
  RegistryNames() = default;
  explicit RegistryNames(const std::vector<ContainerRegistry>& all);
  /// One without loginServer, whose spec can't be used, says nothing.
  void add(const ContainerRegistry& registry);

  /// The one among the names of a registry by which it is known: the first loginServer, so that an alias that is no
  /// other one's changes nothing. A name that nobody has is itself.
  std::string one_name_of(const std::string& registry_name) const;
  std::string one_name_of(const ContainerRegistry& registry) const;
  /// All of them, in order; `registry_name` is one.
  std::set<std::string> all_names_of(const std::string& registry_name) const;

 private:
  struct Names {
    std::string one;
    std::set<std::string> all;
  };

  std::map<std::string, std::shared_ptr<const Names>> by_name_;  // Owned by each name of the registry.
};

}  // namespace slipway

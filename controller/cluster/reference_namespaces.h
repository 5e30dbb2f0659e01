#pragma once

#include <optional>
#include <set>
#include <string>

namespace slipway::cluster {

/// In which namespaces Secrets and ConfigMaps may be read. Objects of ours are read everywhere.
struct ReferenceNamespaces {
  std::string controller = "slipway-system";     ///< Always; where ContainerRegistries have theirs.
  std::optional<std::set<std::string>> granted;  ///< `--watch-namespaces`; absent: every one.

  bool contains(const std::string& namespace_name) const {
    return !granted || namespace_name == controller || granted->contains(namespace_name);
  }
};

}  // namespace slipway::cluster

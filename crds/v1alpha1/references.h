#pragma once

#include <set>
#include <string>
#include <vector>

#include "crds/v1alpha1/resources.h"

namespace slipway {

/// Something that an object names and whose change is news for the object.
struct Reference {
  enum class Kind { Registry, Namespace, Secret, ConfigMap, File };
  Kind kind = Kind::Registry;
  std::string scope;  ///< Namespace of a Secret or ConfigMap; the folder that a File's path starts from; else empty.
  std::string name;   ///< Of a File: its path.
  auto operator<=>(const Reference&) const = default;
};

/// A field that names something, and what answers it.
struct Mention {
  std::string field;              ///< "spec.registryRef.name".
  std::vector<Reference> any_of;  ///< Whichever of them is there is enough.
  bool is_sign_in = false;        ///< To a registry: nothing may be said against the Secret (objection_to_sign_in()).
  std::string pulled_from = {};   ///< The host, where objection_to_pull() counts instead.
};

/// What the object names and does not bring along: registries, Secrets, ConfigMaps, report files. A publication's
/// Secrets and ConfigMaps are of its own namespace, a registry's of `controller_namespace`.
std::vector<Mention> mentions_of(const ImagePublication& object, const std::string& base_folder);
std::vector<Mention> mentions_of(const ContainerRegistry& object, const std::string& controller_namespace);
std::vector<Mention> mentions_of(const RetentionPolicy& object);

/// All that mentions_of() names, its namespace (whose labels give access) and the files of the source (of a layout its
/// index).
std::set<Reference> references_of(const ImagePublication& object, const std::string& base_folder);
std::set<Reference> references_of(const ContainerRegistry& object, const std::string& controller_namespace);
std::set<Reference> references_of(const RetentionPolicy& object);

}  // namespace slipway

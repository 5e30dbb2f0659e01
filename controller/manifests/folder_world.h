#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "controller/manifests/manifest_folder.h"
#include "controller/manifests/state_database.h"
#include "crds/v1alpha1/references.h"
#include "crds/v1alpha1/resources.h"

namespace slipway::manifests {

/// An object of ours in force, without what the state database knows: no status, of the metadata only name, namespace,
/// labels and annotations.
struct OwnedObject {
  Resource resource;
  std::string base_folder;
  std::string origin;
  std::string text;  ///< JSON of `resource`.
  std::string spec_hash;
  bool is_being_deleted = false;
  /// Where it stands is no news.
  bool operator==(const OwnedObject& other) const {
    return text == other.text && base_folder == other.base_folder && is_being_deleted == other.is_being_deleted;
  }
};

/// An object that is deleted because its file does not hold it any more.
struct GoneObject {
  ObjectKey key;
  std::string origin;                             ///< The file.
  std::optional<DeletionPolicy> deletion_policy;  ///< Of a publication.
  bool operator==(const GoneObject&) const = default;
};

/// What one refresh saw: a value that does not change any more.
struct FolderWorld {
  std::map<ObjectKey, OwnedObject> owned;
  std::map<std::string, std::vector<ObjectKey>> publications_to;  ///< By repository.
  std::map<Reference, Resource> others;                           ///< Namespaces, Secrets, ConfigMaps.
  std::map<Reference, std::string> files;  ///< Of reports and sources what tells one version from another.
};

/// The key of one of our three kinds.
std::optional<ObjectKey> key_of(const Resource& resource);

/// The world as the reading has it; texts and hashes of objects that are as in `before` are taken from there.
FolderWorld world_of(const ManifestReading& reading, const FolderWorld& before);

/// The object of a row as last read; nothing when its text is no longer understood.
std::optional<OwnedObject> object_of(const StateRow& row);

/// Fills `publications_to` from `owned`.
void index_publications(FolderWorld& world);

/// Looks at every file of a report or a source that publications of `world` name. `are_final`: those of a checkout.
void look_at_files(FolderWorld& world, bool are_final);

/// Whom a reading concerns.
struct WorldNews {
  std::set<ObjectKey> edited;  ///< New, changed or gone, or a Secret, ConfigMap, Namespace or file that it names is.
  std::set<ObjectKey> again;   ///< Others that are to be looked at again: nobody waits for that.
};

/// Looked at again is who uses a registry that is edited, or comes from its host.
WorldNews news(const FolderWorld& before, const FolderWorld& now, const std::string& controller_namespace);

}  // namespace slipway::manifests

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.h"
#include "crds/v1alpha1/resources.h"

namespace slipway {

/// Shared, for there may be many and large ones at once, in every visit; nobody changes what they hold.
using SharedPublications = std::vector<std::shared_ptr<const ImagePublication>>;

/// A resource and where its relative paths start (the folder of its file; empty from an API server); who edited it.
template <class T>
struct Loaded {
  T object;
  std::string base_folder;
  std::string edited_by = {};  ///< Field manager of the latest edit; empty where there is none.
};

/// Reads objects by name. Absence is not an error. Thread-safe; what is given does not change, safe to keep.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  virtual Result<std::optional<Loaded<ImagePublication>>> publication(const ObjectKey& key) = 0;
  virtual Result<std::optional<ContainerRegistry>> registry(const std::string& name) = 0;
  /// Every one, by name: whose registry a host is, for who must know.
  virtual Result<std::vector<ContainerRegistry>> registries() = 0;
  virtual Result<std::optional<RetentionPolicy>> retention_policy(const ObjectKey& key) = 0;
  /// Labels of the namespace, always with `kubernetes.io/metadata.name`.
  virtual Result<std::map<std::string, std::string>> namespace_labels(const std::string& namespace_name) = 0;
  virtual Result<std::optional<SecretObject>> secret(const std::string& namespace_name, const std::string& name) = 0;
  virtual Result<std::optional<ConfigMapObject>> config_map(const std::string& namespace_name,
                                                            const std::string& name) = 0;
  /// A file beside a resource (`path` of a report), inside `--root`. NotFound, Refused, or Invalid over `limit` bytes.
  virtual Result<std::string> file(const std::string& base_folder, const std::string& path, std::size_t limit) = 0;
  /// The publications to that repository of any registry, for who must know which tags others want.
  virtual Result<SharedPublications> publications_to(const std::string& repository) = 0;
};

/// Our finalizer: on a publication with deletionPolicy Untag, as long as tags of it may have to be removed.
inline constexpr std::string_view kFinalizer = "slipway.dev/untag";

/// Writes what controllers may write: status and their own finalizer; and deletes what asks for that. Thread-safe.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  /// Writes the status when it differs from what is stored. Conflict when the object is gone or newer.
  virtual Result<void> write_status(const ImagePublication& object) = 0;
  virtual Result<void> write_status(const ContainerRegistry& object) = 0;
  virtual Result<void> write_status(const RetentionPolicy& object) = 0;
  /// Puts kFinalizer on the object (`wanted`) or takes it off. An object that has it and is deleted is still given by
  /// the reader, with its deletion time (without a cluster: as last read), until it is taken off. As it is: success.
  virtual Result<void> set_finalizer(const ObjectKey& key, bool wanted) = 0;
  /// Deletes the publication as it was decided on: Conflict when it was edited since or another has its name. Gone
  /// already: success. Refused where objects are files, which are people's.
  virtual Result<void> remove(const ImagePublication& object) = 0;
};

}  // namespace slipway

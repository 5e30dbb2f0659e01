#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/result.h"
#include "crds/v1alpha1/resources.h"

namespace slipway {

/// A resource and where its relative paths start (the folder of its file; empty from an API server).
template <class T>
struct Loaded {
  T object;
  std::string base_folder;
};

/// Reads objects by name. Absence is not an error. Thread-safe; what is given is a copy, safe to keep.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  virtual Result<std::optional<Loaded<ImagePublication>>> publication(const ObjectKey& key) = 0;
  virtual Result<std::optional<ContainerRegistry>> registry(const std::string& name) = 0;
  virtual Result<std::optional<RetentionPolicy>> retention_policy(const ObjectKey& key) = 0;
  /// Labels of the namespace, always with `kubernetes.io/metadata.name`.
  virtual Result<std::map<std::string, std::string>> namespace_labels(const std::string& namespace_name) = 0;
  virtual Result<std::optional<SecretObject>> secret(const std::string& namespace_name, const std::string& name) = 0;
  virtual Result<std::optional<ConfigMapObject>> config_map(const std::string& namespace_name,
                                                            const std::string& name) = 0;
  /// A file beside a resource (`path` of a report), inside `--root`. NotFound, Refused, or Invalid over `limit` bytes.
  virtual Result<std::string> file(const std::string& base_folder, const std::string& path, std::size_t limit) = 0;
  /// Every publication, for who must know what others want (tags of one repository).
  virtual Result<std::vector<ImagePublication>> publications() = 0;
};

/// Writes what controllers may write: status and their own finalizer. Thread-safe.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  /// Writes the status when it differs from what is stored. Conflict when the object is gone or newer.
  virtual Result<void> write_status(const ImagePublication& object) = 0;
  virtual Result<void> write_status(const ContainerRegistry& object) = 0;
  virtual Result<void> write_status(const RetentionPolicy& object) = 0;
};

}  // namespace slipway

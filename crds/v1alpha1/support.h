#pragma once

#include <string>
#include <vector>

#include "crds/base/result.h"
#include "crds/v1alpha1/container_registry.h"
#include "crds/v1alpha1/image_publication.h"
#include "crds/v1alpha1/retention_policy.h"

namespace slipway {

/// A field that is set and that this build of Slipway cannot carry out.
struct UnsupportedField {
  std::string field;    ///< Path, e.g. "spec.gates.signatures".
  std::string message;  ///< What it cannot do, e.g. "signatures are not checked by this version".
  std::string remedy;
  bool guards = true;  ///< True: the object stops (NotSupported). False: it only observes and shows as a condition.
  bool operator==(const UnsupportedField&) const = default;
};

/// Where the objects are: files are people's, and not Slipway's to delete.
enum class KeptIn { Cluster, Files };

/// Every such field, in the order of the resource.
std::vector<UnsupportedField> unsupported(const ContainerRegistry& object);
std::vector<UnsupportedField> unsupported(const ImagePublication& object, KeptIn where = KeptIn::Cluster);
std::vector<UnsupportedField> unsupported(const RetentionPolicy& object);

/// Invalid with reason NotSupported, naming the fields that guard; success when there are none.
Result<void> refuse_unsupported(const std::vector<UnsupportedField>& fields);
Result<void> refuse_unsupported(const ContainerRegistry& object);
Result<void> refuse_unsupported(const ImagePublication& object);

/// Those that only observe, in one sentence for the condition `Unsupported`; empty when there are none.
std::string unsupported_observers(const std::vector<UnsupportedField>& fields);

}  // namespace slipway

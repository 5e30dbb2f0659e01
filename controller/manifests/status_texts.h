#pragma once

#include <string>
#include <unordered_map>

#include "controller/runtime/guarded.h"
#include "crds/v1alpha1/resources.h"

namespace slipway::manifests {

/// Reads statuses from the text that the state database holds. A visit asks for its object many times between two
/// writes, and reading costs more than all the rest of that: what was read last is kept by its text. Thread-safe.
class StatusTexts {
 public:
  /// Invalid for what is no JSON or no status of that kind. The object only says which kind.
  Result<ImagePublicationStatus> read(const std::string& text, const ImagePublication& object);
  Result<ContainerRegistryStatus> read(const std::string& text, const ContainerRegistry& object);
  Result<RetentionPolicyStatus> read(const std::string& text, const RetentionPolicy& object);

 private:
  /// Of publications alone: of the others there are few.
  runtime::Guarded<std::unordered_map<std::string, ImagePublicationStatus>> known_;
};

}  // namespace slipway::manifests

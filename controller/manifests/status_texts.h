#pragma once

#include <memory>
#include <string>

#include "controller/runtime/guarded.h"
#include "controller/runtime/recently_used.h"
#include "crds/v1alpha1/resources.h"

namespace slipway::manifests {

/// Reads statuses from the text that the state database holds. A visit asks for its object many times between two
/// writes, and reading costs more than all the rest of that: what the object's text said last is kept, of a bounded
/// number of objects. Thread-safe.
class StatusTexts {
 public:
  /// Shared with the next who reads the same text.
  template <class Status>
  using Read = Result<std::shared_ptr<const Status>>;

  /// Invalid for what is no JSON or no status of that kind. Of the object only kind and name matter.
  Read<ImagePublicationStatus> read(const std::string& text, const ImagePublication& object);
  Read<ContainerRegistryStatus> read(const std::string& text, const ContainerRegistry& object);
  Read<RetentionPolicyStatus> read(const std::string& text, const RetentionPolicy& object);

 private:
  struct Known {
    std::string text;
    std::shared_ptr<const ImagePublicationStatus> status;
  };
  /// More than the objects that are worked on at once.
  static constexpr std::size_t kMostKnown = 512;

  /// Of publications alone: of the others there are few.
  runtime::Guarded<runtime::RecentlyUsed<ObjectKey, Known>> known_{runtime::RecentlyUsed<ObjectKey, Known>(kMostKnown)};
};

}  // namespace slipway::manifests

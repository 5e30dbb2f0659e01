#pragma once

#include <string>
#include <utility>

#include "controller/assembly/publication_at_hand.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/registry_name.h"

namespace slipway::assembly {

/// The registry_name() of the host that a visit goes to: of a publication its registryRef's, of a ContainerRegistry
/// its own. Empty for others, and where the ContainerRegistry is not there.
class HostOfKey {
 public:
  /// `objects` has every ContainerRegistry at hand, and outlives it.
  HostOfKey(PublicationAtHand publication, ObjectReader& objects)
      : publication_(std::move(publication)), objects_(objects) {}

  std::string operator()(const ObjectKey& key) const {
    const auto registry = objects_.registry(registry_of(key));
    if (!registry || !*registry) return "";
    return registry_name(**registry);
  }

 private:
  std::string registry_of(const ObjectKey& key) const {
    if (key.kind == ResourceKind::ContainerRegistry) return key.name;
    if (key.kind != ResourceKind::ImagePublication) return "";
    const auto found = publication_(key);
    return found ? found->spec.registry_ref.name : "";
  }

  const PublicationAtHand publication_;
  ObjectReader& objects_;
};

}  // namespace slipway::assembly

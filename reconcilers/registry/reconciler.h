#pragma once

#include "reconcilers/ports/clock.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/ports/recorder.h"
#include "reconcilers/ports/registries.h"
#include "reconcilers/reconciler.h"

namespace slipway::registry {

/// What the reconciler of ContainerRegistry is given. All outlive it.
struct Ports {
  ObjectReader& objects;
  ObjectWriter& writer;
  Registries& registries;
  Recorder& recorder;
  const Clock& clock;
};

/// Keeps the status of a ContainerRegistry true: does it answer, does it take the credentials. Thread-safe.
class RegistryReconciler final : public Reconciler {
 public:
  explicit RegistryReconciler(const Ports& ports) : ports_(ports) {}
  Outcome reconcile(const ObjectKey& key, std::stop_token stop) override;

 private:
  Ports ports_;
};

}  // namespace slipway::registry

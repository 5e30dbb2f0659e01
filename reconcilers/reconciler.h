#pragma once

#include <stop_token>
#include <string>

#include "crds/v1alpha1/object_meta.h"
#include "reconcilers/outcome.h"

namespace slipway {

/// Brings the world closer to one object. Told a name, never what changed; doing it twice does no harm; keeps nothing
/// about an object between calls. The queue never runs one key twice at a time; different keys run in parallel.
class Reconciler {
 public:
  virtual ~Reconciler() = default;
  virtual Outcome reconcile(const ObjectKey& key, std::stop_token stop) = 0;
};

}  // namespace slipway

#pragma once

#include <algorithm>

#include "crds/v1alpha1/object_meta.h"
#include "reconcilers/ports/object_store.h"

namespace slipway {

/// Whether the object waits, once it is deleted, until its tags are removed.
inline bool has_finalizer(const ObjectMeta& metadata) {
  return std::ranges::find(metadata.finalizers, kFinalizer) != metadata.finalizers.end();
}

}  // namespace slipway

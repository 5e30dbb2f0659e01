#pragma once

#include <string>

#include "crds/v1alpha1/object_meta.h"

namespace slipway {

enum class EventType { Normal, Warning };

/// Tells people one thing about one object: an event in a cluster, a line elsewhere. Thread-safe, never fails.
class Recorder {
 public:
  virtual ~Recorder() = default;
  /// `reason` is a condition's reason where there is one.
  virtual void event(const ObjectKey& object, EventType type, const std::string& reason,
                     const std::string& message) = 0;
};

}  // namespace slipway

#pragma once

#include <optional>
#include <string>
#include <utility>

#include "crds/v1alpha1/object_meta.h"

namespace slipway {

/// Marks the status as made for the object's present generation and answers the annotation that asked for it.
template <class Object>
void mark_observed(Object& object) {
  object.status.observed_generation = object.metadata.generation;
  if (auto asked = reconcile_request(object.metadata)) object.status.last_handled_reconcile_at = std::move(*asked);
}

/// What the object is asked for by annotation and its status does not answer yet.
template <class Object>
std::optional<std::string> unanswered_request(const Object& object) {
  auto asked = reconcile_request(object.metadata);
  return asked == object.status.last_handled_reconcile_at ? std::nullopt : asked;
}

/// Whether its status is of its present generation, and answers whatever it was asked for by annotation.
template <class Object>
bool is_observed(const Object& object) {
  return object.status.observed_generation == object.metadata.generation && !unanswered_request(object);
}

}  // namespace slipway

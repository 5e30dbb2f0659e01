#pragma once

#include <string>
#include <utility>

#include "crds/v1alpha1/object_meta.h"
#include "reconcilers/readiness.h"

namespace slipway {

/// Marks the status as made for the object's present generation and answers the annotation that asked for it.
template <class Object>
void mark_observed(Object& object) {
  object.status.observed_generation = object.metadata.generation;
  if (auto asked = reconcile_request(object.metadata)) object.status.last_handled_reconcile_at = std::move(*asked);
}

/// Leaves on the object what suspension leaves. True when that changed anything: then an event says so.
template <class Object>
bool mark_suspended(Object& object) {
  const auto before = object.status;
  mark_observed(object);
  apply_suspension(object.status.conditions);
  return object.status != before;
}

}  // namespace slipway

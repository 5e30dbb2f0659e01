#pragma once

#include <string>

#include "crds/v1alpha1/object_meta.h"
#include "reconcilers/readiness.h"

namespace slipway {

/// Marks the status as made for the object's present generation and answers the annotation that asked for it.
template <class Object>
void mark_observed(Object& object) {
  object.status.observed_generation = object.metadata.generation;
  const auto requested = object.metadata.annotations.find(std::string(kReconcileRequestedAt));
  if (requested != object.metadata.annotations.end()) object.status.last_handled_reconcile_at = requested->second;
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

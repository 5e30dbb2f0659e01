#pragma once

#include <string>

#include "crds/v1alpha1/object_meta.h"
#include "reconcilers/observed.h"
#include "reconcilers/outcome.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/ports/recorder.h"
#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"

namespace slipway {

/// Leaves on the object what suspension leaves, and an event where that changed anything. Nothing follows until it is
/// resumed.
template <class Object>
Outcome suspend(Object object, ObjectWriter& writer, Recorder& recorder, Timestamp now) {
  const auto before = object.status;
  mark_observed(object);
  apply_suspension(object.status.conditions);
  if (object.status == before) return {};
  const auto written = writer.write_status(object);
  if (written)
    recorder.event(key_of(object), EventType::Normal, std::string(reason::kSuspended), "spec.suspend is true");
  return after_write(written, {}, now);
}

}  // namespace slipway

#pragma once

#include <functional>
#include <string>

#include "controller/telemetry/log.h"
#include "controller/telemetry/metrics.h"
#include "reconcilers/ports/clock.h"
#include "reconcilers/ports/progress_watcher.h"
#include "reconcilers/ports/recorder.h"

namespace slipway::assembly {

/// What a program gives to all that it puts together. Outlives it.
struct Surroundings {
  telemetry::Log& log;
  telemetry::Metrics& metrics;
  Recorder& recorder;
  ProgressWatcher& progress;
  const Clock& clock;
  /// Told whom a visit waits for, as LongVisits says; who wants to know watches long_visits(). May be empty.
  std::function<void(const ObjectKey&, const std::string& hosts)> on_wait{};
};

}  // namespace slipway::assembly

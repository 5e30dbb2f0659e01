#pragma once

#include <optional>
#include <vector>

#include "controller/assembly/surroundings.h"
#include "controller/manifests/folder_object_store.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/signs_of_life.h"
#include "controller/runtime/work_queue.h"

namespace slipway::standalone {

/// Brings what a folder says into the queue and into the log: what a person has edited, also before the start, goes
/// before what is only looked at again.
class FolderNews {
 public:
  /// Everything given outlives it.
  FolderNews(runtime::WorkQueue& queue, const assembly::Surroundings& hands, runtime::SignsOfLife& signs)
      : queue_(queue), log_(hands.log), metrics_(hands.metrics), clock_(hands.clock), signs_(signs) {}

  /// From one thread at a time.
  void take(const Result<manifests::FolderChange>& change);

  /// Why the folder could not be read; absent when it could. Thread-safe.
  std::optional<Error> failure() const { return *last_error_.lock(); }

 private:
  void report(const std::vector<Problem>& problems);

  runtime::WorkQueue& queue_;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  const Clock& clock_;
  runtime::SignsOfLife& signs_;
  std::vector<Problem> problems_;
  runtime::Guarded<std::optional<Error>> last_error_;
};

}  // namespace slipway::standalone

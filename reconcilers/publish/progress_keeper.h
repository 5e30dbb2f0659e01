#pragma once

#include <atomic>
#include <chrono>

#include "reconcilers/ports/clock.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/ports/progress_watcher.h"

namespace slipway::publish {

/// Passes a transfer's progress on to who watches, and to the status: first 2 s after the visit began, then at most
/// every 10 s, and at once when a blob begins or ends to wait. Thread-safe.
class ProgressKeeper {
 public:
  struct Visited {
    const ImagePublication& publication;  ///< With the status of the start.
    Timestamp began;
  };
  /// All outlive this.
  ProgressKeeper(const Visited& visited, ProgressWatcher& watcher, ObjectWriter& writer, const Clock& clock);

  void progress(const TransferProgress& progress);

 private:
  const ImagePublication& publication_;
  ProgressWatcher& watcher_;
  ObjectWriter& writer_;
  const Clock& clock_;
  std::atomic<Timestamp::rep> next_write_;
  std::atomic<bool> is_waiting_ = false;
};

}  // namespace slipway::publish

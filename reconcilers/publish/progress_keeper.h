#pragma once

#include "reconcilers/ports/clock.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/ports/progress_watcher.h"

namespace slipway::publish {

/// Passes a transfer's progress on to who watches, and to the status: first 2 s after the visit began, then at most
/// every 10 s. That a blob begins to wait is written at once, that it goes on not before 2 s are over: however often it
/// turns, two writes in 2 s are the most. Calls come one at a time.
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
  const Timestamp began_;
  bool shows_waiting_ = false;
  Timestamp next_write_;  ///< Of what is no turn.
  Timestamp next_turn_;   ///< From waiting to going on.
};

}  // namespace slipway::publish

#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "controller/manifests/folder_object_store.h"

namespace slipway::manifests {

/// Refreshes the store and tells what changed: when the kernel says that a file was written to its end or put there,
/// once more soon after that (what is equal then counts), and each `interval` all the same: network shares and bind
/// mounts send no events, and what is deleted or half-written takes that long. One thread of its own.
class FolderWatcher {
 public:
  /// Called from the watcher's thread after every refresh.
  using Listener = std::function<void(const Result<FolderChange>&)>;

  /// Starts with a refresh at once. `store` outlives the watcher.
  FolderWatcher(FolderObjectStore& store, std::chrono::milliseconds interval, Listener listener);
  /// Stops and waits for a refresh that runs.
  ~FolderWatcher() = default;

 private:
  std::jthread thread_;
};

}  // namespace slipway::manifests

#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "controller/manifests/folder_object_store.h"

namespace slipway::manifests {

/// Refreshes the store each `interval` and tells what changed. It polls: that works on every file system (network
/// shares and bind mounts send no events), and a thousand files cost less than a tenth of a second. One thread of its
/// own.
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

#include "controller/manifests/folder_watcher.h"

#include <condition_variable>
#include <stop_token>
#include <utility>

#include "controller/runtime/guarded.h"

namespace slipway::manifests {

FolderWatcher::FolderWatcher(FolderObjectStore& store, std::chrono::milliseconds interval, Listener listener)
    : thread_([&store, interval, listener = std::move(listener)](const std::stop_token& stop) {
        runtime::Guarded<bool> never{false};
        std::condition_variable_any changed;
        while (!stop.stop_requested()) {
          listener(store.refresh());
          never.lock().wait_for(changed, stop, interval, [] { return false; });
        }
      }) {}

}  // namespace slipway::manifests

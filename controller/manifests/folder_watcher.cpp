#include "controller/manifests/folder_watcher.h"

#include <stop_token>
#include <utility>

#include "controller/manifests/folder_events.h"
#include "controller/runtime/waiting.h"

namespace slipway::manifests {

namespace {

/// Between two looks at least: a file that is equal in both is whole.
constexpr std::chrono::milliseconds kSettles{100};

class Watch {
 public:
  Watch(FolderObjectStore& store, std::chrono::milliseconds interval, const FolderWatcher::Listener& listener)
      : store_(store), interval_(interval), listener_(listener) {}

  void run(const std::stop_token& stop) {
    bool looked_for_news = false;
    while (!stop.stop_requested()) {
      look();
      runtime::wait(kSettles, stop);
      const bool is_news = events_.wait(std::chrono::milliseconds{0}, stop);
      if (!is_news && looked_for_news && events_.is_quiet())
        looked_for_news = false;
      else
        looked_for_news = is_news || wait_for_news(stop);
    }
  }

 private:
  void look() {
    const auto change = store_.refresh();
    if (change) events_.watch(change->folders);
    listener_(change);
  }

  bool wait_for_news(const std::stop_token& stop) {
    if (events_.wait(interval_, stop)) return true;
    events_.settle();
    return false;
  }

  FolderObjectStore& store_;
  const std::chrono::milliseconds interval_;
  const FolderWatcher::Listener& listener_;
  FolderEvents events_;
};

}  // namespace

FolderWatcher::FolderWatcher(FolderObjectStore& store, std::chrono::milliseconds interval, Listener listener)
    : thread_([&store, interval, listener = std::move(listener)](const std::stop_token& stop) {
        Watch{store, interval, listener}.run(stop);
      }) {}

}  // namespace slipway::manifests

#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <stop_token>
#include <string>

namespace slipway::manifests {

/// What the kernel tells of manifests in folders (inotify). Where it tells nothing (network file systems, too many
/// folders) there is never news: who uses this looks now and then all the same. One thread at a time.
class FolderEvents {
 public:
  FolderEvents();
  ~FolderEvents();
  FolderEvents(const FolderEvents&) = delete;
  FolderEvents& operator=(const FolderEvents&) = delete;

  /// From now on these and no others.
  void watch(const std::set<std::filesystem::path>& folders);

  /// Waits at most that long for a manifest that was written to its end or put there, or a new folder. False when the
  /// time is up or `stop` asks.
  bool wait(std::chrono::milliseconds longest, std::stop_token stop);

  /// Nothing that was told since the last but one settle() is half-done: a manifest that is being written, or one that
  /// went and did not come again.
  bool is_quiet() const { return half_done_.empty() && half_done_before_.empty(); }
  /// Time has passed that is long enough for whoever writes.
  void settle();

 private:
  struct Descriptor {
    explicit Descriptor(int opened) : number(opened) {}
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    const int number;
  };
  bool read_all();
  bool take(int folder, unsigned what, const std::string& name);

  Descriptor events_;
  Descriptor wake_;
  std::map<std::filesystem::path, int> watched_;
  std::set<std::pair<int, std::string>> half_done_;
  std::set<std::pair<int, std::string>> half_done_before_;
};

}  // namespace slipway::manifests

#include "controller/manifests/folder_events.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "controller/manifests/folder_listing.h"

namespace slipway::manifests {

namespace {

constexpr std::uint32_t kCame = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr std::uint32_t kWent = IN_DELETE | IN_MOVED_FROM;
constexpr std::uint32_t kFolderItself = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t kWatched = kCame | kWent | kFolderItself | IN_MODIFY | IN_CREATE | IN_ONLYDIR;

/// The link that a mounted ConfigMap exchanges to change all its files at once.
constexpr const char* kMountedData = "..data";

}  // namespace

FolderEvents::Descriptor::~Descriptor() {
  if (number >= 0) ::close(number);
}

FolderEvents::FolderEvents()
    : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

FolderEvents::~FolderEvents() = default;

void FolderEvents::watch(const std::set<std::filesystem::path>& folders) {
  std::map<std::filesystem::path, int> now;
  std::set<int> kept;
  for (const auto& folder : folders) {
    const int number = ::inotify_add_watch(events_.number, folder.c_str(), kWatched);
    if (number < 0) continue;
    now.emplace(folder, number);
    kept.insert(number);
  }
  for (const auto& [folder, number] : watched_)
    if (!kept.contains(number)) ::inotify_rm_watch(events_.number, number);
  watched_ = std::move(now);
}

bool FolderEvents::wait(std::chrono::milliseconds longest, std::stop_token stop) {
  const std::stop_callback wake(stop, [this] {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.number, &one, sizeof one);
  });
  const auto until = std::chrono::steady_clock::now() + longest;
  for (;;) {
    if (stop.stop_requested()) return false;
    if (read_all()) return true;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    std::array<pollfd, 2> ends{{{events_.number, POLLIN, 0}, {wake_.number, POLLIN, 0}}};
    constexpr std::chrono::milliseconds kLongestPoll{std::chrono::hours{1}};
    ::poll(ends.data(), ends.size(), static_cast<int>(std::min(left, kLongestPoll).count()));
  }
}

void FolderEvents::settle() {
  half_done_before_ = std::exchange(half_done_, {});
}

bool FolderEvents::read_all() {
  bool is_news = false;
  alignas(inotify_event) std::array<char, 16u << 10> buffer{};
  for (;;) {
    const ssize_t size = ::read(events_.number, buffer.data(), buffer.size());
    if (size <= 0) return is_news;
    for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* const name = buffer.data() + at + sizeof event;
      is_news = take(event.wd, event.mask, event.len == 0 ? std::string{} : std::string{name}) || is_news;
      at += sizeof event + event.len;
    }
  }
}

bool FolderEvents::take(int folder, unsigned what, const std::string& name) {
  if ((what & (IN_Q_OVERFLOW | kFolderItself)) != 0) return true;
  if ((what & IN_ISDIR) != 0) {
    if ((what & kWent) != 0) half_done_.emplace(folder, name);
    return (what & (IN_CREATE | IN_MOVED_TO)) != 0;
  }
  if (name == kMountedData) return (what & IN_MOVED_TO) != 0;
  if (!is_manifest_name(name)) return false;
  if ((what & (kWent | IN_MODIFY)) != 0) half_done_.emplace(folder, name);
  if ((what & kCame) == 0) return false;
  half_done_.erase({folder, name});
  half_done_before_.erase({folder, name});
  return true;
}

}  // namespace slipway::manifests

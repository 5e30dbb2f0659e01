#include "controller/runtime/open_files.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "controller/files/handle.h"

namespace slipway::runtime {

namespace {

constexpr rlim_t kMostKept = 64;

/// Written before other threads start.
std::optional<rlimit> before_raise;

}  // namespace

void hold_standard_streams() {
  // The system gives the lowest number that is free.
  for (int opened = 0; opened >= 0 && opened <= STDERR_FILENO;) {
    opened = ::open("/dev/null", O_RDONLY);
    if (opened > STDERR_FILENO) ::close(opened);
  }
}

void raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) before_raise = limit;
}

void give_back_open_files(pid_t process) {
  if (before_raise) ::prlimit(process, RLIMIT_NOFILE, &*before_raise, nullptr);
}

int lack_of_files(int file) {
  if (file < 0) return errno == EMFILE || errno == ENFILE ? errno : 0;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t kept = std::min(kMostKept, limit.rlim_cur / 4);
  // The system gives the lowest number that is free.
  return static_cast<rlim_t>(file) < limit.rlim_cur - kept ? 0 : EMFILE;
}

int lack_of_files() {
  const files::Handle one{::eventfd(0, EFD_CLOEXEC)};
  return lack_of_files(one.get());
}

}  // namespace slipway::runtime

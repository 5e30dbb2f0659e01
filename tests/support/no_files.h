#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace slipway::tests {

/// As long as it lives this process can open `left` more files and no others. Assertions come after it: the sanitizers
/// open files to look at an object whose type they have not seen before.
class NoFiles {
 public:
  explicit NoFiles(unsigned left = 0) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    ::close(next);
    const rlimit none{.rlim_cur = static_cast<rlim_t>(next) + left, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoFiles(const NoFiles&) = delete;
  NoFiles& operator=(const NoFiles&) = delete;

 private:
  rlimit before_{};
};

}  // namespace slipway::tests

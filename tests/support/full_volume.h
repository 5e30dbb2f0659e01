#pragma once

#include <sys/resource.h>

#include <csignal>
#include <cstddef>

namespace slipway::tests {

/// As long as it lives, no file of this process grows beyond so many bytes, as on a volume that is full.
class FullVolume {
 public:
  explicit FullVolume(std::size_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &was_);
    const rlimit full{.rlim_cur = bytes, .rlim_max = was_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &full);
  }
  ~FullVolume() {
    ::setrlimit(RLIMIT_FSIZE, &was_);
    std::signal(SIGXFSZ, handler_);
  }
  FullVolume(const FullVolume&) = delete;
  FullVolume& operator=(const FullVolume&) = delete;

 private:
  void (*handler_)(int);
  rlimit was_{};
};

}  // namespace slipway::tests

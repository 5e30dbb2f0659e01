#include "controller/files/handle.h"

#include <unistd.h>

#include <cerrno>

namespace slipway::files {

void Handle::close() noexcept {
  const int number = std::exchange(number_, -1);
  if (number < 0) return;
  const int told = errno;
  ::close(number);
  errno = told;
}

}  // namespace slipway::files

#include "controller/runtime/room_to_write.h"

#include <poll.h>

#include <cerrno>

namespace slipway::runtime {

bool RoomToWrite::wait() {
  pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
  int found = -1;
  do {
    found = ::poll(&ready, 1, is_given_up_ ? 0 : static_cast<int>(patience_.count()));
  } while (found < 0 && errno == EINTR);
  is_given_up_ = found == 0;
  return !is_given_up_;
}

}  // namespace slipway::runtime

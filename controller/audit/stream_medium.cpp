#include "controller/audit/stream_medium.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace slipway::audit {

Result<void> StreamMedium::append(std::string_view lines, const Head& last) {
  if (failure_) return std::unexpected(*failure_);
  // Copied before anything is written: from there on nothing may throw.
  Head next = last;
  auto written = write(lines);
  if (written)
    head_ = std::move(next);
  else
    failure_ = written.error();
  return written;
}

Result<void> StreamMedium::write(std::string_view text) const {
  while (!text.empty()) {
    const auto count = ::write(descriptor_, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return fail(ErrorClass::Unavailable,
                  "writing the audit log to standard output: " + std::generic_category().message(errno),
                  "keep standard output open, or name a folder with --audit-folder; nothing is changed at a registry "
                  "without a record");
    }
  }
  return {};
}

}  // namespace slipway::audit

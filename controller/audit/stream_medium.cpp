#include "controller/audit/stream_medium.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace slipway::audit {

Result<void> StreamMedium::append(std::string_view lines, const Head& last) {
  // Copied before anything is written: from there on nothing may throw.
  Head next = last;
  std::string all = rest_ + std::string(lines);
  std::string_view left = all;
  auto written = write(left);
  const std::size_t bytes = all.size() - left.size();
  // Of lines that did not begin to come through the chain knows nothing.
  const bool has_begun = written || bytes > rest_.size();
  if (!has_begun) all.resize(rest_.size());
  all.erase(0, bytes);
  rest_ = std::move(all);
  if (has_begun) head_ = std::move(next);
  return written;
}

/// Takes what was written off `text`.
Result<void> StreamMedium::write(std::string_view& text) const {
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

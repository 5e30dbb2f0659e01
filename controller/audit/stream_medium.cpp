#include "controller/audit/stream_medium.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

namespace slipway::audit {
namespace {

Result<void> not_written(const std::string& why) {
  return fail(ErrorClass::Unavailable, "writing the audit log to standard output: " + why,
              "keep standard output open and read, or name a folder with --audit-folder; nothing is changed at a "
              "registry without a record");
}

/// As much as a pipe that has room takes without making its writer wait; to the end of a line where one is in it.
std::string_view piece_of(std::string_view text) {
  const std::string_view piece = text.substr(0, PIPE_BUF);
  const std::size_t end = piece.rfind('\n');
  return end == std::string_view::npos ? piece : piece.substr(0, end + 1);
}

}  // namespace

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
Result<void> StreamMedium::write(std::string_view& text) {
  while (!text.empty()) {
    if (auto room = wait_for_room(); !room) return room;
    const std::string_view piece = piece_of(text);
    const auto count = ::write(descriptor_, piece.data(), piece.size());
    if (count >= 0)
      text.remove_prefix(static_cast<std::size_t>(count));
    else if (errno != EAGAIN && errno != EINTR)
      return not_written(std::generic_category().message(errno));
  }
  return {};
}

Result<void> StreamMedium::wait_for_room() {
  pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
  int found = -1;
  do {
    found = ::poll(&ready, 1, is_given_up_ ? 0 : static_cast<int>(patience_.count()));
  } while (found < 0 && errno == EINTR);
  is_given_up_ = found == 0;
  return is_given_up_ ? not_written("nobody reads it") : Result<void>{};
}

}  // namespace slipway::audit

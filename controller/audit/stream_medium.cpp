#include "controller/audit/stream_medium.h"

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
    if (!room_.wait()) return not_written("nobody reads it");
    const std::string_view piece = piece_of(text);
    const auto count = ::write(descriptor_, piece.data(), piece.size());
    if (count >= 0)
      text.remove_prefix(static_cast<std::size_t>(count));
    else if (errno != EAGAIN && errno != EINTR)
      return not_written(std::generic_category().message(errno));
  }
  return {};
}

}  // namespace slipway::audit

#include "controller/runtime/line_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace slipway::runtime {
namespace {

/// A terminal has room for some bytes, and makes the writer of more wait. It is opened once more, so that nobody else's
/// writing changes.
int open_terminal(int descriptor) {
  if (::isatty(descriptor) != 1) return -1;
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

LineWriter::LineWriter(int descriptor, std::chrono::milliseconds patience, LineOfLoss line_of_loss,
                       RoomToWrite::MayGiveUp may_give_up)
    : own_(open_terminal(descriptor)),
      descriptor_(own_ >= 0 ? own_ : descriptor),
      room_(descriptor_, patience, std::move(may_give_up)),
      line_of_loss_(std::move(line_of_loss)) {}

LineWriter::~LineWriter() {
  if (write_rest()) tell_loss();
  if (own_ >= 0) ::close(own_);
}

void LineWriter::write(std::string line) {
  tell_loss();
  if (lost_ > 0 || !pass_on(std::move(line))) ++lost_;
}

void LineWriter::tell_loss() {
  if (lost_ > 0 && pass_on(line_of_loss_(lost_) + '\n')) lost_ = 0;
}

/// False: nothing of it was written.
bool LineWriter::pass_on(std::string line) {
  if (!write_rest()) return false;
  rest_ = std::move(line);
  const std::size_t whole = rest_.size();
  if (write_rest() || rest_.size() < whole) return true;
  rest_.clear();
  return false;
}

bool LineWriter::write_rest() {
  while (!rest_.empty()) {
    if (!room_.wait()) return false;
    const ssize_t written = ::write(descriptor_, rest_.data(), std::min<std::size_t>(rest_.size(), PIPE_BUF));
    if (written > 0)
      rest_.erase(0, static_cast<std::size_t>(written));
    else if (written < 0 && errno != EINTR && (errno != EAGAIN || !room_.was_taken()))
      return false;
  }
  return true;
}

}  // namespace slipway::runtime

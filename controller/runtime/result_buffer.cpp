#include "controller/runtime/result_buffer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace slipway::runtime {
namespace {

constexpr std::size_t kHeld = 64 << 10;

/// A terminal or a pipe that another program made non-blocking has no room at times.
void wait_for_room(int descriptor) {
  pollfd room{.fd = descriptor, .events = POLLOUT, .revents = 0};
  ::poll(&room, 1, -1);
}

}  // namespace

ResultBuffer::~ResultBuffer() {
  finish();
}

int ResultBuffer::finish() {
  write_all();
  return failure_;
}

ResultBuffer::int_type ResultBuffer::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
  const char text = traits_type::to_char_type(character);
  return xsputn(&text, 1) == 1 ? character : traits_type::eof();
}

std::streamsize ResultBuffer::xsputn(const char* text, std::streamsize size) {
  held_.append(text, static_cast<std::size_t>(size));
  if (held_.size() >= kHeld) write_all();
  return failure_ == 0 ? size : 0;
}

int ResultBuffer::sync() {
  return finish() == 0 ? 0 : -1;
}

void ResultBuffer::write_all() {
  std::string_view left = held_;
  while (failure_ == 0 && !left.empty()) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written >= 0)
      left.remove_prefix(static_cast<std::size_t>(written));
    else if (errno == EAGAIN)
      wait_for_room(descriptor_);
    else if (errno != EINTR)
      failure_ = errno;
  }
  held_.clear();
}

}  // namespace slipway::runtime

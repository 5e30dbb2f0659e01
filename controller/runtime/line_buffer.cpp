#include "controller/runtime/line_buffer.h"

#include <string_view>
#include <utility>

namespace slipway::runtime {
namespace {

std::string line_of_loss(std::int64_t lost) {
  return "warning: " + std::to_string(lost) + " lines were lost here: nobody read them";
}

}  // namespace

LineBuffer::LineBuffer(int descriptor, RoomToWrite::MayGiveUp may_give_up, std::chrono::milliseconds patience)
    : writer_(descriptor, patience, line_of_loss, std::move(may_give_up)) {}

LineBuffer::~LineBuffer() {
  LineBuffer::sync();
}

LineBuffer::int_type LineBuffer::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
  const char text = traits_type::to_char_type(character);
  return xsputn(&text, 1) == 1 ? character : traits_type::eof();
}

/// What is lost counts as written: a stream that failed once takes nothing any more.
std::streamsize LineBuffer::xsputn(const char* text, std::streamsize size) {
  auto begun = begun_.lock();
  std::string_view left(text, static_cast<std::size_t>(size));
  for (auto end = left.find('\n'); end != std::string_view::npos; end = left.find('\n')) {
    writer_.write(std::exchange(*begun, {}) + std::string(left.substr(0, end + 1)));
    left.remove_prefix(end + 1);
  }
  *begun += left;
  return size;
}

int LineBuffer::sync() {
  auto begun = begun_.lock();
  if (!begun->empty()) writer_.write(std::exchange(*begun, {}));
  return 0;
}

}  // namespace slipway::runtime

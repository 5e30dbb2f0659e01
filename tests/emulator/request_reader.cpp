#include "tests/emulator/request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cstring>

#include "crds/base/text.h"

namespace slipway::emulator {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::size_t kPiece = 256 << 10;

}  // namespace

bool RequestReader::fill() {
  const asio::mutable_buffer space = buffer_.prepare(kPiece);
  const std::size_t count = stream_.receive({static_cast<char*>(space.data()), space.size()});
  buffer_.commit(count);
  return count > 0;
}

/// A client that tries TLS first learns at once that this is no TLS.
std::optional<Request> RequestReader::refuse() {
  constexpr std::string_view kBadRequest = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nthis is not HTTP\n";
  stream_.send(kBadRequest);
  return std::nullopt;
}

std::optional<Request> RequestReader::read_head() {
  while (!parser_.is_header_done()) {
    boost::system::error_code error;
    if (buffer_.size() > 0) buffer_.consume(parser_.put(buffer_.data(), error));
    if (parser_.is_header_done() && (!error || error == http::error::need_buffer)) break;
    if (error && error != http::error::need_more) return refuse();
    if (!fill()) return std::nullopt;
  }
  const auto& message = parser_.get();
  Request request{.method = std::string(message.method_string()), .target = parse_target(target()), .body = this};
  for (const auto& field : message)
    request.headers[lower_case(std::string(field.name_string()))] = std::string(field.value());
  must_continue_ = lower_case(request.header("expect")) == "100-continue";
  if (parser_.content_length()) remaining_ = *parser_.content_length();
  if (!parser_.content_length() && !parser_.chunked()) remaining_ = 0;
  return request;
}

void RequestReader::start_body(RequestRecord* record, const Disturbance& disturbance) {
  record_ = record;
  cut_at_ = disturbance.cut_request;
  corrupt_at_ = disturbance.corrupt;
  pacer_ = Pacer(disturbance.bytes_per_second);
}

Result<std::size_t> RequestReader::read(std::span<char> space) {
  const auto cut = [this] {
    cut_ = true;
    return fail_because("ConnectionCut", {.cls = ErrorClass::Unavailable,
                                          .message = "the connection was cut in the middle of a body",
                                          .remedy = "send it again"});
  };
  if (cut_ || (cut_at_ && taken_ >= *cut_at_)) return cut();
  if (done()) return 0;
  if (must_continue_) {
    must_continue_ = false;
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!stream_.send(kContinue)) return cut();
  }
  std::size_t most = pacer_.piece(space.size());
  if (cut_at_) most = std::min<std::size_t>(most, *cut_at_ - taken_);
  const std::size_t count = remaining_ ? read_known(space.first(most)) : read_chunked(space.first(most));
  if (count == 0 && !done()) return cut();
  corrupt(space.first(count));
  taken_ += count;
  if (record_ != nullptr) record_->bytes_in += count;
  pacer_.moved(count, stop_);
  return count;
}

/// Past the parser, so that a large body is copied once.
std::size_t RequestReader::read_known(std::span<char> space) {
  const std::span<char> wanted = space.first(std::min<std::uint64_t>(space.size(), *remaining_));
  std::size_t count = std::min(buffer_.size(), wanted.size());
  if (count > 0) {
    std::memcpy(wanted.data(), buffer_.data().data(), count);
    buffer_.consume(count);
  } else {
    count = stream_.receive(wanted);
  }
  *remaining_ -= count;
  return count;
}

std::size_t RequestReader::read_chunked(std::span<char> space) {
  auto& body = parser_.get().body();
  body.data = space.data();
  body.size = space.size();
  while (!parser_.is_done() && body.size > 0) {
    boost::system::error_code error;
    if (buffer_.size() > 0) buffer_.consume(parser_.put(buffer_.data(), error));
    if (error == http::error::need_buffer) break;
    if (error && error != http::error::need_more) return 0;
    const bool starved = error == http::error::need_more || buffer_.size() == 0;
    if (parser_.is_done() || (starved && body.size < space.size())) break;
    if (starved && !fill()) return 0;
  }
  return space.size() - body.size;
}

void RequestReader::corrupt(std::span<char> bytes) {
  if (!corrupt_at_ || *corrupt_at_ < taken_ || *corrupt_at_ - taken_ >= bytes.size()) return;
  char& byte = bytes[*corrupt_at_ - taken_];
  byte = static_cast<char>(byte ^ 1);
}

bool RequestReader::drain() {
  if (cut_) return false;
  if (done()) return true;
  if (must_continue_) return false;
  constexpr std::size_t kMost = 256 << 10;
  std::string space(64 << 10, '\0');
  cut_at_.reset();
  for (std::size_t taken = 0; taken <= kMost;) {
    const Result<std::size_t> count = read(space);
    if (!count) return false;
    if (*count == 0) return true;
    taken += *count;
  }
  return false;
}

}  // namespace slipway::emulator

#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <limits>
#include <optional>
#include <span>
#include <stop_token>

#include "tests/emulator/message.h"
#include "tests/emulator/pacer.h"
#include "tests/emulator/requests_log.h"
#include "tests/emulator/stream.h"

namespace slipway::emulator {

/// Reads one request off a stream: its head, then its body piece by piece, never whole. `buffer` keeps what belongs to
/// the next request.
class RequestReader final : public RequestBody {
 public:
  RequestReader(Stream& stream, boost::beast::flat_buffer& buffer, std::stop_token stop)
      : stream_(stream), buffer_(buffer), stop_(std::move(stop)) {
    parser_.body_limit(std::numeric_limits<std::uint64_t>::max());  // boost::none refuses every body in 1.74
    parser_.header_limit(64 << 10);
  }

  /// Nothing when the connection ended or what came is not HTTP.
  std::optional<Request> read_head();
  bool keep_alive() const { return parser_.keep_alive(); }
  std::string target() const { return std::string(parser_.get().target()); }

  /// From here on the body is counted in `record` and disturbed.
  void start_body(RequestRecord* record, const Disturbance& disturbance);
  Result<std::size_t> read(std::span<char> space) override;
  bool done() const { return parser_.is_done() || (remaining_ && *remaining_ == 0); }
  bool was_cut() const { return cut_; }
  /// Reads what is left of the body when it is small; false when the connection can't be used again.
  bool drain();

 private:
  std::optional<Request> refuse();
  bool fill();
  std::size_t read_known(std::span<char> space);
  std::size_t read_chunked(std::span<char> space);
  void corrupt(std::span<char> bytes);

  Stream& stream_;
  boost::beast::flat_buffer& buffer_;
  std::stop_token stop_;
  boost::beast::http::request_parser<boost::beast::http::buffer_body> parser_;
  std::optional<std::uint64_t> remaining_;  ///< Of a body whose length is known.
  bool must_continue_ = false;              ///< "100 Continue" is owed.
  bool cut_ = false;
  std::uint64_t taken_ = 0;
  std::optional<std::uint64_t> cut_at_;
  std::optional<std::uint64_t> corrupt_at_;
  Pacer pacer_{0};
  RequestRecord* record_ = nullptr;
};

}  // namespace slipway::emulator

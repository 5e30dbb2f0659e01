#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/curl_transport.h"

struct curl_sockaddr;

namespace slipway::http {

/// A libcurl handle with a connection cache of its own. One thread at a time.
class CurlHandle {
 public:
  CurlHandle();
  ~CurlHandle();
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;

  /// Whether libcurl gave what it takes.
  bool ready() const;

 private:
  friend class CurlExchange;
  struct State;
  std::unique_ptr<State> state_;
};

/// One request and its answer on one handle. Nothing thrown passes through libcurl: its callbacks keep the first error,
/// and run() gives it.
class CurlExchange {
 public:
  /// All three outlive it.
  CurlExchange(CurlHandle& handle, const CurlOptions& options, const Request& request);
  ~CurlExchange();
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  Result<Response> run(std::stop_token stop);

 private:
  struct Fields;

  void set_up_connection();
  void set_up_trust();
  void set_up_name();
  void set_up_request();
  void set_up_body();
  void set_up_headers();
  Result<void> drive(const std::stop_token& stop);
  Result<Response> conclude(int code);
  bool hear_last_words();

  std::size_t take_header_line(std::string_view line);
  std::size_t take_body(std::span<const std::byte> bytes);
  std::size_t give_body(std::span<std::byte> space);
  bool keep(Result<void> result);
  bool may_connect(const curl_sockaddr& address);
  Result<std::size_t> next_bytes(std::span<std::byte> space);
  bool answer_waits() const;
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_read(char* space, std::size_t size, std::size_t count, void* self) noexcept;

  CurlHandle& handle_;
  const CurlOptions& options_;
  const Request& request_;
  std::unique_ptr<Fields> fields_;
  Response response_;
  std::size_t header_bytes_ = 0;
  bool headers_done_ = false;
  bool uses_proxy_ = false;
  std::int64_t body_given_ = 0;
  std::vector<std::byte> held_back_;  ///< Read but not sent, because an answer came first.
  bool paused_ = false;
  bool awaits_answer_ = false;  ///< All is sent, and the request says how long that may take.
  std::uint64_t activity_ = 0;  ///< Grows with each callback: what the idle time-out looks at.
  std::optional<Error> error_;
  int lack_of_files_ = 0;  ///< As runtime::lack_of_files says of the last socket.
};

}  // namespace slipway::http

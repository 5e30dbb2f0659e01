#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/base/result.h"

namespace slipway::http {

enum class Method { Get, Head, Post, Put, Patch, Delete };
std::string_view to_string(Method method);

/// Header fields in order; names compare without case.
class Headers {
 public:
  void set(std::string_view name, std::string value);
  void add(std::string_view name, std::string value);
  void remove(std::string_view name);
  const std::string* find(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Gives up to `space.size()` bytes of a request body; 0 is the end. An error aborts the request with it.
using BodyReader = std::function<Result<std::size_t>(std::span<std::byte> space)>;
/// Takes bytes of a response body. An error aborts the request with it. May block: the sender is held back.
using BodyWriter = std::function<Result<void>(std::span<const std::byte> bytes)>;

/// What has to move while one waits for the network, in each stretch of it: 8 KiB a second over five minutes. Below it
/// the request ends, Unavailable; a blob is read or sent on from there. Time in the request's own reader and writer
/// does not count.
struct LeastRate {
  std::int64_t bytes = 2'400 << 10;
  std::chrono::milliseconds over{300'000};
};

/// How long the answer may take once the whole request is out (a body of known length), where what the server has to do
/// takes longer than anything else; and what to do about one that gives none, however it fails.
struct AnswerWait {
  std::chrono::milliseconds longest;
  std::string remedy;
};

struct Request {
  Method method = Method::Get;
  std::string url;  ///< Absolute, http or https.
  Headers headers;
  std::string body;                           ///< Ignored when `body_reader` is set.
  BodyReader body_reader;                     ///< A body that is streamed.
  std::optional<std::int64_t> body_length;    ///< Of body_reader's body; absent: chunked.
  BodyWriter body_writer;                     ///< Gets the body of a 2xx answer instead of Response::body.
  std::size_t max_response_bytes = 4u << 20;  ///< Of Response::body; Integrity above.
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{60'000};  ///< Without a byte in either direction.
  /// A 2xx answer that falls silent for so long has ended well: of a stream that may have nothing more to say.
  bool may_fall_silent = false;
  LeastRate least_rate;
  std::optional<AnswerWait> answer_wait;                   ///< Instead of the two above, from then on.
  std::optional<std::chrono::milliseconds> total_timeout;  ///< For the small ones.
  bool only_once = false;                                  ///< Not repeated below, whatever the answer.
  bool now_or_never = false;  ///< A courtesy: given up, Cancelled, where it would wait for its turn or for a token.
  /// Called with status and headers before the body; an error aborts (e.g. a Content-Range that does not fit).
  std::function<Result<void>(int status, const Headers&)> on_headers;
};

/// An answer, whatever its status: an Error is only for "no answer".
struct Response {
  int status = 0;
  Headers headers;
  std::string body;
  std::string answered_by;  ///< The URL that answered where redirects led on; empty: the request's own.
};

}  // namespace slipway::http

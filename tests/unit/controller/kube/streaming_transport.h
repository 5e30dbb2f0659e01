#pragma once

#include <algorithm>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "controller/http/transport.h"

namespace slipway::tests {

/// Answers from a script, in order, and keeps the requests; a 2xx body goes to the request's writer in pieces, as a
/// server's does. One thread. Past the end: Internal.
class StreamingTransport final : public http::HttpTransport {
 public:
  explicit StreamingTransport(std::size_t piece = 1'000'000) : piece_(piece) {}

  void then(int status, std::string body = {}, std::vector<std::pair<std::string, std::string>> headers = {}) {
    http::Response response{.status = status, .headers = {}, .body = std::move(body)};
    for (auto& [name, value] : headers) response.headers.add(name, std::move(value));
    answers_.push_back({std::move(response), {}});
  }
  /// As then(), and after the body the connection is cut.
  void then_cut(int status, std::string body) {
    then(status, std::move(body));
    answers_.back().cut = Error{.cls = ErrorClass::Unavailable, .message = "cut", .remedy = "try again"};
  }
  void then_fail(Error error) { answers_.push_back({{}, std::move(error)}); }

  Result<http::Response> send(const http::Request& request, std::stop_token) override {
    requests.push_back(request);
    if (answers_.empty()) return fail(ErrorClass::Internal, "the script has no further answer", "extend the script");
    Answer answer = std::move(answers_.front());
    answers_.pop_front();
    http::Response& response = answer.response;
    if (request.on_headers && response.status != 0)
      if (auto good = request.on_headers(response.status, response.headers); !good)
        return std::unexpected(good.error());
    if (request.body_writer && response.status / 100 == 2)
      if (auto good = stream(request, std::exchange(response.body, {})); !good) return std::unexpected(good.error());
    if (answer.cut) return std::unexpected(*answer.cut);
    return response;
  }

  std::vector<http::Request> requests;

 private:
  struct Answer {
    http::Response response;
    std::optional<Error> cut;
  };
  Result<void> stream(const http::Request& request, const std::string& body) const {
    for (std::size_t at = 0; at < body.size(); at += piece_)
      if (auto good =
              request.body_writer(std::as_bytes(std::span(body).subspan(at, std::min(piece_, body.size() - at))));
          !good)
        return good;
    return {};
  }

  const std::size_t piece_;
  std::deque<Answer> answers_;
};

}  // namespace slipway::tests

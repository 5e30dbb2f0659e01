#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "controller/http/transport.h"

namespace slipway::tests {

/// Answers from a script, in order, and keeps the requests. One thread. Past the end: Internal.
class ScriptedTransport final : public http::HttpTransport {
 public:
  void then(Result<http::Response> answer) { answers_.push_back(std::move(answer)); }
  void then(int status, std::vector<std::pair<std::string, std::string>> headers = {}, std::string body = {}) {
    http::Response response{.status = status, .headers = {}, .body = std::move(body)};
    for (auto& [name, value] : headers) response.headers.add(name, std::move(value));
    then(std::move(response));
  }

  Result<http::Response> send(const http::Request& request, std::stop_token) override {
    requests.push_back(request);
    if (answers_.empty()) return fail(ErrorClass::Internal, "the script has no further answer", "extend the script");
    Result<http::Response> answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

  std::vector<http::Request> requests;

 private:
  std::deque<Result<http::Response>> answers_;
};

}  // namespace slipway::tests

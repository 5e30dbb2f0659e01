#include "controller/http/lasting_words.h"

#include <string>
#include <utility>

#include "tests/catch.h"

using namespace slipway;
using http::correlation_id;
using http::lasting_words;

TEST_CASE("Words of a failure keep what stays the same and lose what is another each time") {
  const auto [words, lasting] = GENERATE(values<std::pair<std::string, std::string>>({
      {"sign in. CorrelationId: 46eab12f-8a5e-4c5b-b9a1-1f0c2d3e4f50", "sign in."},
      {"sign in. Correlation ID: 46eab12f-8a5e-4c5b-b9a1-1f0c2d3e4f50.", "sign in.."},
      {"failed (request id: 01HZX3V7Q9)", "failed"},
      {"failed, x-ms-request-id=46eab12f, traceId=0af7651916cd43dd8448eb211c80319c", "failed"},
      {"RequestId: 46eab12f-8a5e", ""},
      {"request id: none", "request id: none"},
      {"unknown manifest sha256:0af7651916cd43dd8448eb211c80319c",
       "unknown manifest sha256:0af7651916cd43dd8448eb211c80319c"},
      {"client id: 46eab12f-8a5e-4c5b-b9a1-1f0c2d3e4f50", "client id: 46eab12f-8a5e-4c5b-b9a1-1f0c2d3e4f50"},
      {"Failed to connect to r.io port 443 after 21 ms: refused", "Failed to connect to r.io port 443: refused"},
      {"Connection timed out after 2001 milliseconds", "Connection timed out"},
      {"Operation timed out after 30 milliseconds with 7 out of 99 bytes received", "Operation timed out"},
      {"Operation timed out after 30 milliseconds with 0 bytes received", "Operation timed out"},
      {"transfer closed with 96 bytes remaining to read", "transfer closed with bytes remaining to read"},
      {"end of response with 96 bytes missing", "end of response with bytes missing"},
      {"blocked after 5 attempts with 2 keys", "blocked after 5 attempts with 2 keys"},
      {"read tcp 10.0.0.4:41234->10.0.0.9:443: reset", "read tcp 10.0.0.4->10.0.0.9:443: reset"},
      {"a -> b, 1->2, :", "a -> b, 1->2, :"},
      {"", ""},
  }));
  CHECK(lasting_words(words) == lasting);
}

TEST_CASE(
    "A request's id at the server is known by its header, else by the words of a refusal, where it looks like one") {
  const auto answer = [](int status, const std::string& header, std::string body) {
    http::Response response{.status = status, .headers = {}, .body = std::move(body)};
    if (!header.empty()) response.headers.set("X-Ms-Correlation-Request-Id", header);
    return correlation_id(response);
  };
  const std::string body = R"({"errors":[{"message":"no. CorrelationId: 46EAB12F-8a5e"}]})";
  CHECK(answer(200, "f65eaf6b-0d1c", "") == "f65eaf6b-0d1c");
  CHECK(answer(401, "f65eaf6b-0d1c", body) == "f65eaf6b-0d1c");
  CHECK(answer(401, "", body) == "46eab12f-8a5e");
  CHECK(answer(200, "", body).empty());
  CHECK(answer(401, "", "").empty());
  CHECK(answer(401, "", "CorrelationId: hunter2-hunter2").empty());
  CHECK(answer(401, "a line\nof its own", "").empty());
  CHECK(answer(401, std::string(65, 'a'), "").empty());
}

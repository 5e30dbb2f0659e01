#include "controller/http/retrying_transport.h"

#include "tests/catch.h"
#include "tests/support/scripted_transport.h"

using namespace slipway;
using namespace std::chrono_literals;
using http::Method;

namespace {

struct Waits {
  std::vector<std::chrono::milliseconds> taken;
  http::RetryHands hands() {
    return {.wait =
                [this](std::chrono::milliseconds delay, std::stop_token stop) {
                  taken.push_back(delay);
                  return !stop.stop_requested();
                },
            .chance = [] { return 0.5; }};
  }
};

http::Request of(Method method) {
  http::Request request;
  request.method = method;
  request.url = "https://r.io/v2/";
  return request;
}

}  // namespace

TEST_CASE("A request is repeated where that is harmless and can help") {
  struct Row {
    Method method;
    int status;
    std::string retry_after;
    bool repeated;
  };
  const Row row = GENERATE(values<Row>({
      {Method::Get, 500, "", true},
      {Method::Get, 503, "10", true},
      {Method::Get, 503, "11", false},
      {Method::Head, 502, "", true},
      {Method::Put, 504, "", true},
      {Method::Delete, 500, "", true},
      {Method::Get, 404, "", false},
      {Method::Get, 501, "", false},
      {Method::Post, 503, "", false},
      {Method::Post, 429, "1", true},
      {Method::Patch, 500, "", false},
      {Method::Get, 401, "", false},
      {Method::Get, 429, "soon", true},
      {Method::Get, 429, "9999", false},
  }));
  CAPTURE(row.status, row.retry_after, http::to_string(row.method));
  tests::ScriptedTransport world;
  world.then(row.status, {{"Retry-After", row.retry_after}});
  world.then(200);
  Waits waits;
  http::RetryingTransport transport(world, {}, waits.hands());
  REQUIRE(transport.send(of(row.method), {})->status == (row.repeated ? 200 : row.status));
  CHECK(world.requests.size() == (row.repeated ? 2 : 1));
}

TEST_CASE("Waiting doubles, and the last answer is returned") {
  tests::ScriptedTransport world;
  for (int i = 0; i < 5; ++i) world.then(500);
  Waits waits;
  http::RetryingTransport transport(world, {}, waits.hands());
  CHECK(transport.send(of(Method::Get), {})->status == 500);
  CHECK(waits.taken == std::vector<std::chrono::milliseconds>{250ms, 500ms, 1000ms});
}

TEST_CASE("No answer is tried again for a read, not for a POST") {
  const Method method = GENERATE(Method::Get, Method::Post);
  tests::ScriptedTransport world;
  world.then(fail(ErrorClass::Unavailable, "reset", "try again"));
  world.then(200);
  Waits waits;
  http::RetryingTransport transport(world, {}, waits.hands());
  CHECK(transport.send(of(method), {}).has_value() == (method == Method::Get));
}

TEST_CASE("A streamed body is never repeated") {
  tests::ScriptedTransport world;
  world.then(429, {{"Retry-After", "1"}});
  Waits waits;
  http::RetryingTransport transport(world, {}, waits.hands());
  http::Request request = of(Method::Put);
  request.body_reader = [](std::span<std::byte>) -> Result<std::size_t> { return 0; };
  CHECK(transport.send(request, {})->status == 429);
  CHECK(world.requests.size() == 1);
}

TEST_CASE("What is a mere courtesy is asked once") {
  tests::ScriptedTransport world;
  world.then(fail(ErrorClass::Unavailable, "no answer in time", "try again"));
  Waits waits;
  http::RetryingTransport transport(world, {}, waits.hands());
  http::Request request = of(Method::Delete);
  request.only_once = true;
  CHECK(!transport.send(request, {}));
  CHECK(world.requests.size() == 1);
}

TEST_CASE("Being stopped while waiting is Cancelled") {
  tests::ScriptedTransport world;
  world.then(503);
  Waits waits;
  http::RetryingTransport transport(world, {}, waits.hands());
  std::stop_source source;
  source.request_stop();
  CHECK(transport.send(of(Method::Get), source.get_token()).error().cls == ErrorClass::Cancelled);
}

TEST_CASE("Retry-After as seconds or as a date of the server's own clock") {
  struct Row {
    std::string retry_after, date;
    std::optional<std::chrono::seconds> wait;
  };
  const std::string now = "Tue, 24 Nov 2026 23:59:58 GMT";
  const Row row = GENERATE_COPY(values<Row>({
      {"0", "", 0s},
      {"7", now, 7s},
      {"3600", "", 3600s},
      {"3601", "", 3600s},
      {"999999999", "", 3600s},
      {"99999999999999999999999999", "", 3600s},
      {"-1", "", std::nullopt},
      {"soon", "", std::nullopt},
      {"Wed, 25 Nov 2026 00:00:03 GMT", now, 5s},
      {"Wed, 25 Nov 2026 00:59:58 GMT", now, 3600s},
      {"Fri, 01 Jan 2360 00:00:00 GMT", now, 3600s},
      {"Fri, 31 Dec 9999 23:59:59 GMT", "Sat, 01 Jan 0000 00:00:00 GMT", 3600s},
      {now, now, 0s},
      {"Tue, 24 Nov 2026 23:59:57 GMT", now, 0s},
      {"Wed, 25 Nov 2026 00:00:03 GMT", "", std::nullopt},
      {"Wed, 25 Nov 2026 00:00:03 GMT", "now", std::nullopt},
      {"Wed, 31 Feb 2026 00:00:03 GMT", now, std::nullopt},
      {"Wed, 25 anF 2026 00:00:03 GMT", now, std::nullopt},
      {"Wed, 25 Nov 2026 24:00:03 GMT", now, std::nullopt},
      {"Wed, 25 Nov 2026 00:00:03 CET", now, std::nullopt},
      {"Wednesday, 25-Nov-26 00:00:03 GMT", now, std::nullopt},
  }));
  CAPTURE(row.retry_after, row.date);
  http::Headers headers;
  headers.set("Retry-After", row.retry_after);
  if (!row.date.empty()) headers.set("Date", row.date);
  CHECK(http::retry_after(headers) == row.wait);
}

TEST_CASE("What failed after a long wait is not repeated") {
  const auto took = GENERATE(8s, 9s);
  tests::ScriptedTransport world;
  world.then(fail(ErrorClass::Unavailable, "timed out", "wait"));
  world.then(200);
  Waits waits;
  http::RetryHands hands = waits.hands();
  std::chrono::seconds now{0};
  hands.elapsed = [&] { return std::exchange(now, now + took); };
  const auto result = http::RetryingTransport(world, {}, hands).send(of(Method::Get), {});
  CHECK(result.has_value() == (took == 8s));
  CHECK(world.requests.size() == (took == 8s ? 2 : 1));
}

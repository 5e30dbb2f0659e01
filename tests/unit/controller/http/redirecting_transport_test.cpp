#include "controller/http/redirecting_transport.h"

#include "controller/http/url.h"
#include "tests/catch.h"
#include "tests/support/scripted_transport.h"

using namespace slipway;
using http::Method;
using http::Request;

namespace {

Request signed_get(std::string url, Method method = Method::Get) {
  Request request;
  request.method = method;
  request.url = std::move(url);
  request.headers.set("Authorization", "Bearer secret");
  request.headers.set("Range", "bytes=5-");
  return request;
}

Result<void> anybody(std::string_view, std::string_view) {
  return {};
}

}  // namespace

TEST_CASE("Authorization goes only where it was written for") {
  struct Row {
    std::string situation, from, location, leads_to;
    bool signed_there;
  };
  const Row row = GENERATE(values<Row>({
      {"a path", "https://r.io/v2/a", "/other?x=1", "https://r.io/other?x=1", true},
      {"a relative path", "https://r.io/v2/a", "b", "https://r.io/v2/b", true},
      {"the default port written out", "https://r.io/v2/a", "https://R.io:443/b", "https://r.io:443/b", true},
      {"another host", "https://r.io/v2/a", "https://blob.io/b?sig=s", "https://blob.io/b?sig=s", false},
      {"another host without scheme", "https://r.io/v2/a", "//blob.io/b", "https://blob.io/b", false},
      {"a host that begins alike", "https://r.io/v2/a", "https://r.io.evil.io/b", "https://r.io.evil.io/b", false},
      {"another port", "https://r.io/v2/a", "https://r.io:444/b", "https://r.io:444/b", false},
      {"another scheme", "http://r.io/v2/a", "https://r.io/b", "https://r.io/b", false},
  }));
  CAPTURE(row.situation);
  tests::ScriptedTransport world;
  world.then(307, {{"Location", row.location}});
  world.then(200);
  http::RedirectingTransport transport(world, anybody);
  REQUIRE(transport.send(signed_get(row.from), {})->status == 200);
  REQUIRE(world.requests.size() == 2);
  CHECK(world.requests[1].url == row.leads_to);
  CHECK((world.requests[1].headers.find("Authorization") != nullptr) == row.signed_there);
  CHECK(world.requests[1].headers.find("Range") != nullptr);
}

TEST_CASE("Authorization that was dropped does not come back") {
  tests::ScriptedTransport world;
  world.then(307, {{"Location", "https://other.io/"}});
  world.then(307, {{"Location", "https://r.io/b"}});
  world.then(200);
  http::RedirectingTransport transport(world, anybody);
  REQUIRE(transport.send(signed_get("https://r.io/a"), {}));
  CHECK(world.requests[2].headers.find("Authorization") == nullptr);
}

TEST_CASE("What no redirect may do is refused before a second request") {
  const auto [from, location] = GENERATE(values<std::pair<std::string, std::string>>({
      {"https://r.io/a", "http://r.io/a"},
      {"https://r.io/a", "file:///etc/passwd"},
      {"https://r.io/a", "ftp://r.io/a"},
      {"https://r.io/a", "https://r.io/a"},
      {"https://r.io/a", "https://u:p@r.io/a"},
      {"https://r.io/a", "https://"},
      {"https://r.io/a", "https://169.254.169.254/token"},
      {"https://r.io/a", "https://r.io:port/a"},
      {"https://r.io/a", "https://r.io/\r\nX: y"},
  }));
  CAPTURE(from, location);
  tests::ScriptedTransport world;
  world.then(302, {{"Location", location}});
  http::RedirectingTransport transport(world, [](std::string_view, std::string_view host) -> Result<void> {
    if (host == "169.254.169.254") return fail(ErrorClass::Refused, "link-local", "name the host");
    return {};
  });
  const auto result = transport.send(signed_get(from), {});
  REQUIRE(!result);
  CHECK(result.error().cls == ErrorClass::Refused);
  CHECK(world.requests.size() == 1);
}

TEST_CASE("Five hops are followed, the sixth is not") {
  const int hops = GENERATE(5, 6);
  tests::ScriptedTransport world;
  for (int i = 0; i < hops; ++i) world.then(307, {{"Location", "/" + std::to_string(i)}});
  world.then(200);
  http::RedirectingTransport transport(world, anybody);
  CHECK(transport.send(signed_get("https://r.io/a"), {}).has_value() == (hops == 5));
}

TEST_CASE("A redirected write is the caller's business") {
  tests::ScriptedTransport world;
  world.then(307, {{"Location", "https://other.io/"}});
  http::RedirectingTransport transport(world, anybody);
  CHECK(transport.send(signed_get("https://r.io/a", Method::Put), {})->status == 307);
  CHECK(world.requests.size() == 1);
}

TEST_CASE("Only the last answer's headers are judged by the caller") {
  tests::ScriptedTransport world;
  world.then(307, {{"Location", "/b"}});
  world.then(206);
  http::RedirectingTransport transport(world, anybody);
  int judged = 0;
  Request request = signed_get("https://r.io/a");
  request.on_headers = [&](int, const http::Headers&) -> Result<void> {
    ++judged;
    return {};
  };
  REQUIRE(transport.send(request, {})->status == 206);
  http::Headers location;
  location.set("Location", "/b");
  REQUIRE(world.requests[0].on_headers(307, location));
  CHECK(judged == 0);
  REQUIRE(world.requests[1].on_headers(206, {}));
  CHECK(judged == 1);
}

TEST_CASE("What is shown of a URL has no query") {
  CHECK(http::redacted("https://b.io/x?sig=secret") == "https://b.io/x?REDACTED");
  CHECK(http::redacted("https://b.io/x") == "https://b.io/x");
}

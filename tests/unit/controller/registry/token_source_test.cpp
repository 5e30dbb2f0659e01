#include "controller/registry/token_source.h"

#include <latch>
#include <thread>

#include "crds/base/base64.h"
#include "tests/catch.h"
#include "tests/support/scripted_transport.h"

using namespace slipway;
using namespace std::chrono_literals;
using registry::Credentials;

namespace {

class HandClock final : public Clock {
 public:
  Timestamp now() const override { return time; }
  Timestamp time{1'800'000'000'000ms};
};

const std::string kScope = "repository:a/b:pull,push";

http::Response challenged(const std::string& header) {
  http::Response response{.status = 401, .headers = {}, .body = {}};
  response.headers.add("WWW-Authenticate", header);
  return response;
}

registry::TokenOptions options(Credentials credentials = {}) {
  return {.host = "r.io",
          .plain_http = false,
          .credentials = std::move(credentials),
          .may_call = [](std::string_view, std::string_view host) -> Result<void> {
            if (host.starts_with("169.254.")) return fail(ErrorClass::Refused, "link-local", "name the host");
            return {};
          }};
}

const Credentials kBasic{.username = "ci",
                         .password = SecretText("pw"),
                         .identity_token = {},
                         .origin = "Secret shop/ci, key .dockerconfigjson"};
const std::string kBearer = "Bearer realm=\"https://r.io/token\",service=\"r.io\"";

}  // namespace

TEST_CASE("A token is fetched once and used until shortly before it ends") {
  tests::ScriptedTransport world;
  world.then(200, {}, R"({"token":"one","expires_in":3600})");
  world.then(200, {}, R"({"access_token":"two","expires_in":3600})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options(kBasic));
  CHECK(tokens.header(kScope, {}) == "");
  REQUIRE(tokens.after_challenge(challenged(kBearer), kScope, "", {}) == "Bearer one");
  CHECK(world.requests[0].url == "https://r.io/token?service=r.io&scope=repository%3Aa%2Fb%3Apull%2Cpush");
  CHECK(*world.requests[0].headers.find("Authorization") == "Basic Y2k6cHc=");
  clock.time += 55min - 1s;
  CHECK(tokens.header(kScope, {}) == "Bearer one");
  CHECK(world.requests.size() == 1);
  clock.time += 1s;
  CHECK(tokens.header(kScope, {}) == "Bearer two");
}

TEST_CASE("The end of a token may stand in the token itself") {
  tests::ScriptedTransport world;
  const std::string claims = encode_base64(R"({"exp":1800004500})");
  world.then(200, {}, R"({"access_token":"h.)" + claims + R"(.s"})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options());
  REQUIRE(tokens.after_challenge(challenged(kBearer), kScope, "", {}));
  clock.time += 4199s;
  CHECK(tokens.header(kScope, {}));
  clock.time += 1s;
  CHECK(!tokens.header(kScope, {}));
}

TEST_CASE("Tokens that ended are forgotten, and all of them where there are too many") {
  tests::ScriptedTransport world;
  HandClock clock;
  registry::TokenOptions few = options();
  few.most_tokens = 2;
  registry::TokenSource tokens(world, clock, few);
  const auto fetch = [&](const std::string& scope) {
    world.then(200, {}, R"({"token":")" + scope + R"(","expires_in":3600})");
    REQUIRE(tokens.after_challenge(challenged(kBearer), scope, "", {}));
  };
  const auto is_kept = [&](const std::string& scope) { return tokens.held_header(scope).has_value(); };
  fetch("a");
  fetch("b");
  clock.time += 1h;
  fetch("c");
  fetch("d");
  CHECK(is_kept("c"));
  CHECK(is_kept("d"));
  fetch("e");
  CHECK(is_kept("e"));
  CHECK_FALSE(is_kept("c"));
}

TEST_CASE("A refused token is fetched anew, once for all who held it") {
  tests::ScriptedTransport world;
  world.then(200, {}, R"({"token":"one"})");
  world.then(200, {}, R"({"token":"two"})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options());
  REQUIRE(tokens.after_challenge(challenged(kBearer), kScope, "", {}));
  CHECK(tokens.after_challenge(challenged(kBearer), kScope, "Bearer one", {}) == "Bearer two");
  CHECK(tokens.after_challenge(challenged(kBearer), kScope, "Bearer one", {}) == "Bearer two");
  CHECK(world.requests.size() == 2);
}

TEST_CASE("Where credentials go and where not") {
  struct Row {
    std::string challenge;
    Credentials credentials;
    std::optional<ErrorClass> error;
  };
  const Row row = GENERATE(values<Row>({
      {"Bearer realm=\"https://auth.io/token\"", kBasic, std::nullopt},
      {"Bearer realm=\"http://auth.io/token\"", kBasic, ErrorClass::Refused},
      {"Bearer realm=\"http://127.0.0.1/token\"", kBasic, ErrorClass::Refused},
      {"Bearer realm=\"http://auth.io/token\"", {}, std::nullopt},
      {"Bearer realm=\"http://127.0.0.1.evil.io/token\"", kBasic, ErrorClass::Refused},
      {"Bearer realm=\"https://169.254.169.254/token\"", {}, ErrorClass::Refused},
      {"Bearer realm=\"file:///etc/passwd\"", {}, ErrorClass::Invalid},
      {"Bearer service=x", {}, ErrorClass::Invalid},
      {"Basic realm=x", {}, ErrorClass::Unauthorized},
      {"Negotiate", kBasic, ErrorClass::Unauthorized},
  }));
  CAPTURE(row.challenge);
  tests::ScriptedTransport world;
  world.then(200, {}, R"({"token":"t"})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options(row.credentials));
  const auto header = tokens.after_challenge(challenged(row.challenge), kScope, "", {});
  CHECK(header.has_value() == !row.error.has_value());
  if (!header) CHECK(header.error().cls == *row.error);
  CHECK(world.requests.size() == (row.error ? 0 : 1));
}

TEST_CASE("Basic is answered once, then the credentials are wrong") {
  tests::ScriptedTransport world;
  HandClock clock;
  registry::TokenSource tokens(world, clock, options(kBasic));
  const auto header = tokens.after_challenge(challenged("Basic realm=x"), kScope, "", {});
  REQUIRE(header == "Basic Y2k6cHc=");
  const auto again = tokens.after_challenge(challenged("Basic realm=x"), kScope, *header, {});
  REQUIRE(!again);
  CHECK(again.error().cls == ErrorClass::Unauthorized);
  CHECK(again.error().message.find("pw") == std::string::npos);
}

TEST_CASE("What a token service refuses is somebody's to mend") {
  struct Row {
    int status;
    Credentials credentials;
    ErrorClass cls;
    std::string remedy;
  };
  const Row row = GENERATE(values<Row>({
      {401, kBasic, ErrorClass::Unauthorized,
       "correct user name and password for r.io in Secret shop/ci, key .dockerconfigjson"},
      {401, {}, ErrorClass::Unauthorized, "name credentials for r.io"},
      {400, kBasic, ErrorClass::Unauthorized,
       "correct user name and password for r.io in Secret shop/ci, key .dockerconfigjson"},
      {403, kBasic, ErrorClass::Forbidden,
       "give basic user ci (from Secret shop/ci, key .dockerconfigjson) the permission to pull from a/b"},
      {403, {}, ErrorClass::Unauthorized, "name credentials that may pull from a/b"},
      {404, kBasic, ErrorClass::Unavailable, "ask the owner of r.io"},
      {307, kBasic, ErrorClass::Unavailable, "ask the owner of r.io"},
      {429, kBasic, ErrorClass::Throttled, "wait"},
      {500, kBasic, ErrorClass::Unavailable, "try again later"},
  }));
  CAPTURE(row.status);
  tests::ScriptedTransport world;
  world.then(row.status, {}, R"({"errors":[{"code":"DENIED","message":"no"}]})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options(row.credentials));
  const auto header = tokens.after_challenge(challenged(kBearer), kScope, "", {});
  REQUIRE(!header);
  CHECK(header.error().cls == row.cls);
  CHECK(header.error().remedy.starts_with(row.remedy));
  CHECK(header.error().message.starts_with("fetching a token: GET https://r.io/token?REDACTED: "));
}

TEST_CASE("Of several schemes Bearer is taken, wherever it stands") {
  const std::vector<std::string> headers = GENERATE(values<std::vector<std::string>>({
      {"Basic realm=x, " + kBearer},
      {kBearer + ", Basic realm=x"},
      {"Basic realm=x", kBearer},
      {"Negotiate", "Basic realm=x", kBearer},
  }));
  http::Response response{.status = 401, .headers = {}, .body = {}};
  for (const std::string& header : headers) response.headers.add("WWW-Authenticate", header);
  tests::ScriptedTransport world;
  world.then(200, {}, R"({"token":"t"})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options(kBasic));
  CHECK(tokens.after_challenge(response, kScope, "", {}) == "Bearer t");
}

TEST_CASE("A permission that was given since counts with a fresh token") {
  tests::ScriptedTransport world;
  world.then(200, {}, R"({"token":"narrow","expires_in":3600})");
  world.then(200, {}, R"({"token":"wide","expires_in":3600})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options(kBasic));
  REQUIRE(tokens.after_challenge(challenged(kBearer), kScope, "", {}) == "Bearer narrow");
  CHECK(tokens.after_challenge(challenged(kBearer + ",error=\"insufficient_scope\""), kScope, "Bearer narrow", {}) ==
        "Bearer wide");
}

TEST_CASE("An identity token is posted, never put in the URL") {
  tests::ScriptedTransport world;
  world.then(200, {}, R"({"access_token":"t"})");
  HandClock clock;
  registry::TokenSource tokens(world, clock,
                               options({.username = "", .password = {}, .identity_token = SecretText("se/cret")}));
  REQUIRE(tokens.after_challenge(challenged(kBearer), kScope, "", {}));
  CHECK(world.requests[0].method == http::Method::Post);
  CHECK(world.requests[0].url == "https://r.io/token");
  CHECK(world.requests[0].body.find("refresh_token=se%2Fcret") != std::string::npos);
}

namespace {

/// Answers when it is let go.
class SlowTransport final : public http::HttpTransport {
 public:
  Result<http::Response> send(const http::Request&, std::stop_token) override {
    began.count_down();
    go.wait();
    return http::Response{.status = 200, .headers = {}, .body = R"({"token":"one","expires_in":3600})"};
  }
  std::latch began{1};
  std::latch go{1};
};

}  // namespace

TEST_CASE("Who waits for another's fetch stops when asked, and the fetch goes on") {
  SlowTransport world;
  HandClock clock;
  registry::TokenSource tokens(world, clock, options(kBasic));
  Result<std::string> first;
  Result<std::string> second;
  std::stop_source stop;
  {
    const std::jthread fetches{[&] { first = tokens.after_challenge(challenged(kBearer), kScope, "", {}); }};
    world.began.wait();
    {
      const std::jthread waits{[&] { second = tokens.header(kScope, stop.get_token()); }};
      stop.request_stop();
    }
    CHECK(second.error().cls == ErrorClass::Cancelled);
    world.go.count_down();
  }
  CHECK(first == "Bearer one");
  CHECK(tokens.header(kScope, {}) == "Bearer one");
}

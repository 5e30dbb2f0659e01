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

const registry::Errand kErrand{.scope = "repository:a/b:pull,push"};

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
  CHECK(tokens.header(kErrand, {}) == "");
  REQUIRE(tokens.after_challenge(challenged(kBearer), kErrand, "", {}) == "Bearer one");
  CHECK(world.requests[0].url == "https://r.io/token?service=r.io&scope=repository%3Aa%2Fb%3Apull%2Cpush");
  CHECK(*world.requests[0].headers.find("Authorization") == "Basic Y2k6cHc=");
  clock.time += 55min - 1s;
  CHECK(tokens.header(kErrand, {}) == "Bearer one");
  CHECK(world.requests.size() == 1);
  clock.time += 1s;
  CHECK(tokens.header(kErrand, {}) == "Bearer two");
}

TEST_CASE("The end of a token may stand in the token itself") {
  tests::ScriptedTransport world;
  const std::string claims = encode_base64(R"({"exp":1800004500})");
  world.then(200, {}, R"({"access_token":"h.)" + claims + R"(.s"})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options());
  REQUIRE(tokens.after_challenge(challenged(kBearer), kErrand, "", {}));
  clock.time += 4199s;
  CHECK(tokens.header(kErrand, {}));
  clock.time += 1s;
  CHECK(!tokens.header(kErrand, {}));
}

TEST_CASE("Tokens of all registries are kept within one bound, and those that are used stay") {
  constexpr std::size_t kMost = 1u << 20;
  constexpr int kScopes = 3'000;
  const auto shelf = std::make_shared<registry::TokenShelf>(kMost);
  tests::ScriptedTransport world;
  HandClock clock;
  std::vector<std::unique_ptr<registry::TokenSource>> hosts;
  for (int i = 0; i < 10; ++i) {
    registry::TokenOptions one = options();
    one.shelf = shelf;
    hosts.push_back(std::make_unique<registry::TokenSource>(world, clock, one));
  }
  const auto fetch = [&](registry::TokenSource& tokens, const std::string& scope) {
    world.then(200, {}, R"({"token":")" + std::string(16'000, 't') + R"(","expires_in":3600})");
    REQUIRE(tokens.after_challenge(challenged(kBearer), {.scope = scope}, "", {}));
    CHECK(shelf->bytes() <= kMost);
  };
  fetch(*hosts[0], kErrand.scope);
  for (int i = 0; i < kScopes; ++i) {
    fetch(*hosts[static_cast<std::size_t>(i) % hosts.size()], "repository:rival/" + std::to_string(i) + ":pull");
    CHECK(hosts[0]->held_header(kErrand.scope));
  }
  CHECK(world.requests.size() == 1 + kScopes);
  CHECK_FALSE(hosts[0]->held_header("repository:rival/0:pull"));
  CHECK(hosts[9]->held_header("repository:rival/2999:pull"));
  hosts.clear();
  CHECK(shelf->bytes() == 0);
}

TEST_CASE("Short tokens are kept within the bound too, with what it takes to keep them") {
  const auto shelf = std::make_shared<registry::TokenShelf>(100'000);
  registry::TokenShelf::Part part(shelf);
  for (int i = 0; i < 3'000; ++i) part.keep(std::to_string(i), {.header = "t", .good_until = {}});
  int kept = 0;
  for (int i = 0; i < 3'000; ++i) kept += part.find(std::to_string(i)) ? 1 : 0;
  CHECK(kept >= 300);
  CHECK(kept <= 500);
  part.keep("2999", {.header = "another", .good_until = {}});
  CHECK(part.find("2999")->header == "another");
}

TEST_CASE("A token that is too long is refused by the name of who gives it") {
  const bool is_too_long = GENERATE(false, true);
  tests::ScriptedTransport world;
  world.then(200, {}, R"({"token":")" + std::string((16u << 10) + (is_too_long ? 1 : 0), 't') + R"("})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options());
  const auto header = tokens.after_challenge(challenged(kBearer), kErrand, "", {});
  REQUIRE(header.has_value() != is_too_long);
  if (header) return;
  CHECK(header.error().cls == ErrorClass::Refused);
  CHECK_THAT(header.error().message, Catch::Contains("r.io of 16385 bytes, and at most 16384 are taken"));
  CHECK(header.error().remedy == "ask the owner of r.io for shorter tokens");
}

TEST_CASE("Of a challenge only what is needed is kept, and no more than 2 KiB") {
  tests::ScriptedTransport world;
  HandClock clock;
  registry::TokenSource tokens(world, clock, options());
  const std::string filler(4'000, 'x');
  world.then(200, {}, R"({"token":"t"})");
  REQUIRE(tokens.after_challenge(challenged(kBearer + ",error=\"" + filler + "\",scope=\"a\""), kErrand, "", {}));
  CHECK(tokens.challenge()->parameters.size() == 2);
  const auto refused =
      tokens.after_challenge(challenged("Bearer realm=\"https://r.io/" + filler + "\""), kErrand, "", {});
  REQUIRE(!refused);
  CHECK(refused.error().cls == ErrorClass::Unauthorized);
  CHECK_THAT(refused.error().message, Catch::StartsWith("r.io asks for a sign-in with a realm and service of 4013 "));
  CHECK(world.requests.size() == 1);
}

TEST_CASE("A refused token is fetched anew, once for all who held it") {
  tests::ScriptedTransport world;
  world.then(200, {}, R"({"token":"one"})");
  world.then(200, {}, R"({"token":"two"})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options());
  REQUIRE(tokens.after_challenge(challenged(kBearer), kErrand, "", {}));
  CHECK(tokens.after_challenge(challenged(kBearer), kErrand, "Bearer one", {}) == "Bearer two");
  CHECK(tokens.after_challenge(challenged(kBearer), kErrand, "Bearer one", {}) == "Bearer two");
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
      {"Bearer realm=\"http://auth.io/token\"", {}, ErrorClass::Refused},
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
  const auto header = tokens.after_challenge(challenged(row.challenge), kErrand, "", {});
  CHECK(header.has_value() == !row.error.has_value());
  if (!header) CHECK(header.error().cls == *row.error);
  CHECK(world.requests.size() == (row.error ? 0 : 1));
}

TEST_CASE("A registry that takes itself for one without TLS is asked for tokens as it was reached") {
  tests::ScriptedTransport world;
  world.then(200, {}, R"({"token":"t"})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options(GENERATE(Credentials{}, kBasic)));
  REQUIRE(tokens.after_challenge(challenged("Bearer realm=\"http://r.io/token\""), kErrand, "", {}));
  CHECK_THAT(world.requests[0].url, Catch::StartsWith("https://r.io/token?"));
}

TEST_CASE("Basic is answered once, then the credentials are wrong") {
  tests::ScriptedTransport world;
  HandClock clock;
  registry::TokenSource tokens(world, clock, options(kBasic));
  const auto header = tokens.after_challenge(challenged("Basic realm=x"), kErrand, "", {});
  REQUIRE(header == "Basic Y2k6cHc=");
  const auto again = tokens.after_challenge(challenged("Basic realm=x"), kErrand, *header, {});
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
  const auto header = tokens.after_challenge(challenged(kBearer), kErrand, "", {});
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
  CHECK(tokens.after_challenge(response, kErrand, "", {}) == "Bearer t");
}

TEST_CASE("A permission that was given since counts with a fresh token") {
  tests::ScriptedTransport world;
  world.then(200, {}, R"({"token":"narrow","expires_in":3600})");
  world.then(200, {}, R"({"token":"wide","expires_in":3600})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options(kBasic));
  REQUIRE(tokens.after_challenge(challenged(kBearer), kErrand, "", {}) == "Bearer narrow");
  CHECK(tokens.after_challenge(challenged(kBearer + ",error=\"insufficient_scope\""), kErrand, "Bearer narrow", {}) ==
        "Bearer wide");
}

TEST_CASE("An identity token is posted, never put in the URL") {
  tests::ScriptedTransport world;
  world.then(200, {}, R"({"access_token":"t"})");
  HandClock clock;
  registry::TokenSource tokens(world, clock,
                               options({.username = "", .password = {}, .identity_token = SecretText("se/cret")}));
  REQUIRE(tokens.after_challenge(challenged(kBearer), kErrand, "", {}));
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
    const std::jthread fetches{[&] { first = tokens.after_challenge(challenged(kBearer), kErrand, "", {}); }};
    world.began.wait();
    {
      const std::jthread waits{[&] { second = tokens.header(kErrand, stop.get_token()); }};
      stop.request_stop();
    }
    CHECK(second.error().cls == ErrorClass::Cancelled);
    world.go.count_down();
  }
  CHECK(first == "Bearer one");
  CHECK(tokens.header(kErrand, {}) == "Bearer one");
}

TEST_CASE("A sign-in that is refused reads the same each time, whatever id the registry gives the request") {
  tests::ScriptedTransport world;
  const std::string words = "authentication required, visit https://aka.ms/acr/authorization for more information.";
  for (const std::string id : {" CorrelationId: 46eab12f-8a5e-4c5b-b9a1-1f0c2d3e4f50",
                               " CorrelationId: f65eaf6b-0d1c-4e2f-8a3b-5c6d7e8f9a0b", ""})
    world.then(401, {}, R"({"errors":[{"code":"UNAUTHORIZED","message":")" + words + id + R"("}]})");
  HandClock clock;
  registry::TokenSource tokens(world, clock, options(kBasic));
  const auto first = tokens.after_challenge(challenged(kBearer), kErrand, "", {});
  REQUIRE(!first);
  INFO(first.error().message);
  CHECK(tokens.after_challenge(challenged(kBearer), kErrand, "", {}) == first);
  CHECK(tokens.after_challenge(challenged(kBearer), kErrand, "", {}) == first);
  CHECK_THAT(first.error().message, Catch::Contains(words + "\""));
}

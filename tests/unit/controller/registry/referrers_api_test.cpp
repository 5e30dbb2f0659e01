#include "controller/registry/referrers_api.h"

#include "controller/registry/registry_client.h"
#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

const Digest kDigest = Digest::of("x");
const Headers kOfARegistry{{"Docker-Distribution-Api-Version", "registry/2.0"}};
const std::string kNoSuchPath = "404 page not found\n";

/// Repositories of one host. None has a fallback tag.
struct World {
  tests::ScriptedTransport network;
  tests::ManualClock clock{Timestamp{1'800'000'000'000ms}};
  std::shared_ptr<registry::Connection> connection = std::make_shared<registry::Connection>(
      network, clock,
      registry::TokenOptions{.host = "r.io",
                             .plain_http = false,
                             .credentials = {},
                             .may_call = [](std::string_view, std::string_view) -> Result<void> { return {}; }});

  registry::RegistryClient in(const std::string& repository) { return {connection, {.repository = repository}}; }
  /// Lists referrers in `repository`; whether the API is asked there, which answers so.
  bool asks(const std::string& repository, int status = 404, const Headers& headers = kOfARegistry,
            const std::string& body = kNoSuchPath) {
    network = {};
    network.then(status, headers, body);
    network.then(404);
    REQUIRE(in(repository).referrers(kDigest, {}) == std::vector<content::Descriptor>{});
    return network.requests.front().url.find("/referrers/") != std::string::npos;
  }
};

std::string error_with(const std::string& code) {
  return R"({"errors":[{"code":")" + code + R"(","message":"no"}]})";
}

}  // namespace

TEST_CASE("A registry that knows no path to referrers is asked for them once, any other refusal counts for that list") {
  struct Row {
    std::string situation;
    int status;
    Headers headers;
    std::string body;
    bool is_asked_again;
  };
  const Row row = GENERATE(values<Row>({
      {"docker-registry's page", 404, kOfARegistry, kNoSuchPath, false},
      {"says that it does not do that", 404, kOfARegistry, error_with("UNSUPPORTED"), false},
      {"no repository yet", 404, kOfARegistry, error_with("NAME_UNKNOWN"), true},
      {"no subject yet", 404, kOfARegistry, error_with("MANIFEST_UNKNOWN"), true},
      {"Harbor's word for either", 404, kOfARegistry, error_with("NOT_FOUND"), true},
      {"not for this reader's eyes", 404, kOfARegistry, error_with("DENIED"), true},
      {"a proxy before it", 404, {}, "<html><body>404 Not Found</body></html>", true},
      {"a portal before it", 200, {{"Content-Type", "text/html"}}, "<html>", true},
  }));
  CAPTURE(row.situation);
  World world;
  REQUIRE(world.asks("team/a", row.status, row.headers, row.body));
  CHECK(world.asks("team/a") == row.is_asked_again);
}

TEST_CASE("What one repository says of the referrers API counts where a proxy would ask the same registry") {
  World world;
  REQUIRE(world.asks("team/a"));
  CHECK_FALSE(world.asks("team/b"));
  CHECK(world.asks("mirror/c"));
  CHECK(world.asks("teams"));
}

TEST_CASE("A registry that had no referrers API is asked again after an hour: it may have been upgraded") {
  World world;
  REQUIRE(world.asks("team/a"));
  world.clock.advance(1h - 1ms);
  CHECK_FALSE(world.asks("team/a"));
  world.clock.advance(1ms);
  CHECK(world.asks("team/a"));
}

TEST_CASE("A registry that takes a subject by itself has the referrers API after all") {
  World world;
  REQUIRE(world.asks("team/a"));
  world.network = {};
  world.network.then(201, {{"OCI-Subject", kDigest.str()}});
  REQUIRE(world.in("team/a").put_referrer({}, {.media_type = "", .digest = kDigest}, {}));
  CHECK(world.asks("team/a"));
}

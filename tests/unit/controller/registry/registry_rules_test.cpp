#include "controller/registry/registry_rules.h"

#include "tests/catch.h"
#include "tests/support/scripted_transport.h"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

ContainerRegistry registry_of(const std::string& name, const std::string& host, std::vector<std::string> sources = {}) {
  ContainerRegistry registry;
  registry.metadata.name = name;
  registry.spec.login_server = host;
  AccessEntry entry;
  entry.sources = std::move(sources);
  registry.spec.access.push_back(entry);
  return registry;
}

struct World {
  int waits = 0;
  http::RequestRates rates{{.wait =
                                [this](auto, const auto&) {
                                  ++waits;
                                  return true;
                                },
                            .elapsed = [] { return 10s; }}};
  registry::RegistryRules rules_of(bool in_cluster) { return {in_cluster, rates}; }

  /// How long the third request in a row waits is decided by the rate; whether any waits is enough here.
  bool is_limited(const std::string& host, const std::string& scheme = "https") {
    tests::ScriptedTransport network;
    http::RateLimitingTransport limited{network, rates};
    waits = 0;
    for (int i = 0; i < 10; ++i) (void)limited.send({.method = http::Method::Get, .url = scheme + "://" + host}, {});
    return waits > 0;
  }
};

}  // namespace

TEST_CASE("Where an answer may send us") {
  struct Row {
    std::string from, to;
    bool in_cluster, outside;
  };
  const Row row = GENERATE(values<Row>({
      {"r.io", "storage.io", true, true},
      {"r.io", "10.0.0.1", true, true},
      {"r.io", "localhost:5001", true, true},
      {"r.io", "localhost:5002", false, true},
      {"r.io", "127.0.0.1", false, true},
      {"r.io", "[::1]:5001", false, true},
      {"r.io", "169.254.1.1", false, false},
      {"r.io", "169.254.169.254", false, false},
      {"other.io", "localhost:5001", false, true},
      {"127.0.0.1:5000", "127.0.0.1:5000", true, true},
      {"127.0.0.1:5000", "127.0.0.1:5001", false, true},
      {"registry-1.docker.io", "localhost:7000", true, true},
      {"r.io.", "localhost:5001", true, true},
      {"[0:0:0:0:0:0:0:1]:5000", "[::1]:5001", true, true},
  }));
  CAPTURE(row.from, row.to);
  World world;
  for (const bool in_cluster : {true, false}) {
    auto rules = world.rules_of(in_cluster);
    rules.learn({registry_of("r", "r.io", {"localhost:5001/**", "*/**"}), registry_of("local", "127.0.0.1:5000"),
                 registry_of("hub", "Docker.io", {"localhost:7000/x"}),
                 registry_of("six", "[::1]:5000", {"[0::1]:5001/**"})});
    const Result<void> allowed = rules.may_call(row.from, row.to);
    CHECK(allowed.has_value() == (in_cluster ? row.in_cluster : row.outside));
    if (!allowed) CHECK(allowed.error().cls == ErrorClass::Refused);
    if (!allowed) CHECK_FALSE(allowed.error().remedy.empty());
  }
}

TEST_CASE("Where a name may lead") {
  struct Row {
    std::string host, address;
    bool in_cluster, outside;
  };
  const Row row = GENERATE(values<Row>({
      {"evil.io", "93.184.216.34", true, true},
      {"evil.io", "127.0.0.1", false, true},
      {"evil.io", "::1", false, true},
      {"evil.io", "::ffff:127.0.0.1", false, true},
      {"evil.io", "169.254.0.1", false, false},
      {"evil.io", "fe80::1", false, false},
      {"evil.io", "169.254.169.254", false, false},
      {"named.io", "127.0.0.1", true, true},
      {"named.io", "169.254.0.1", true, true},
      {"named.io:444", "127.0.0.1", false, true},
      {"named.io", "169.254.169.254", false, false},
      {"source.io:5000", "127.0.0.1", true, true},
      {"source.io.:5000", "127.0.0.1", true, true},
      {"127.0.0.1:5000", "127.0.0.1", true, true},
      {"localhost", "::1", true, true},
  }));
  CAPTURE(row.host, row.address);
  World world;
  for (const bool in_cluster : {true, false}) {
    auto rules = world.rules_of(in_cluster);
    rules.learn({registry_of("n", "Named.io", {"source.io:5000/**"})});
    CHECK(rules.may_connect(row.host, row.address).has_value() == (in_cluster ? row.in_cluster : row.outside));
  }
}

TEST_CASE("Of two registries of one host the slower rate counts, and a registry may change its mind") {
  World world;
  auto rules = world.rules_of(true);
  ContainerRegistry one = registry_of("one", "r.io");
  ContainerRegistry two = registry_of("two", "r.io");
  rules.learn({one});
  CHECK_FALSE(world.is_limited("r.io"));
  one.spec.transfer.max_requests_per_second = 5;
  rules.learn({one, two});
  CHECK(world.is_limited("r.io"));
  CHECK_FALSE(world.is_limited("other.io"));
  one.spec.transfer.max_requests_per_second.reset();
  rules.learn({one, two});
  CHECK_FALSE(world.is_limited("r.io"));
}

TEST_CASE("A registry's rate holds however its host is spelled, there and where somebody names it") {
  struct Row {
    std::string login_server, asked;
    bool is_limited;
  };
  const Row row = GENERATE(values<Row>({
      {"R.io:5000", "r.io:5000", true},
      {"R.io:5000", "r.io:05000", true},
      {"R.io:5000", "r.io:5001", false},
      {"R.io:5000", "r.io", false},
      {"r.io", "r.io:443", true},
      {"r.io", "R.io", true},
      {"r.io", "r.io.", true},
      {"r.io", "r.io.:443", true},
      {"r.io:443", "r.io", true},
      {"r.io", "other.r.io", false},
      {"docker.io", "registry-1.docker.io", true},
      {"10.0.0.1", "0x0a.0.0.1", true},
      {"[fd00::1]:5000", "[FD00:0:0:0::1]:5000", true},
  }));
  CAPTURE(row.login_server, row.asked);
  World world;
  auto rules = world.rules_of(true);
  ContainerRegistry one = registry_of("one", row.login_server);
  one.spec.transfer.max_requests_per_second = 5;
  rules.learn({one});
  CHECK(world.is_limited(row.asked) == row.is_limited);
}

TEST_CASE("Of two spellings of one host the slower rate counts, and of two ports each has its own") {
  World world;
  auto rules = world.rules_of(true);
  ContainerRegistry one = registry_of("one", "r.io");
  ContainerRegistry two = registry_of("two", "R.io:443");
  two.spec.transfer.max_requests_per_second = 5;
  ContainerRegistry local = registry_of("local", "localhost");
  local.spec.plain_http = true;
  local.spec.transfer.max_requests_per_second = 5;
  rules.learn({one, two, local});
  CHECK(world.is_limited("r.io"));
  CHECK(world.is_limited("localhost", "http"));
  CHECK_FALSE(world.is_limited("localhost", "https"));
}

TEST_CASE("A host is a registry's where one says so, and no source's for being named") {
  World world;
  auto rules = world.rules_of(true);
  rules.learn({registry_of("a", "R.io", {"ghcr.io"}), registry_of("b", "docker.io")});
  CHECK(rules.is_registry("r.io"));
  CHECK(rules.is_registry("registry-1.docker.io"));
  CHECK_FALSE(rules.is_registry("ghcr.io"));
  CHECK_FALSE(rules.is_registry("nowhere.io"));
  rules.learn({});
  CHECK_FALSE(rules.is_registry("r.io"));
}

TEST_CASE("What a registry said ends with it") {
  World world;
  auto rules = world.rules_of(true);
  ContainerRegistry gone = registry_of("gone", "r.io", {"localhost:5001/**"});
  gone.spec.transfer.max_requests_per_second = 5;
  rules.learn({gone});
  REQUIRE(world.is_limited("r.io"));
  REQUIRE(rules.may_call("r.io", "localhost:5001"));
  SECTION("when it is deleted") {
    rules.learn({registry_of("other", "r.io")});
  }
  SECTION("when it moves to another host") {
    gone.spec.login_server = "new.io";
    rules.learn({gone});
    CHECK(world.is_limited("new.io"));
  }
  CHECK_FALSE(world.is_limited("r.io"));
  CHECK_FALSE(rules.may_call("r.io", "localhost:5001"));
}

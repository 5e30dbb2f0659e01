#include "tests/emulator/configuration.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::emulator;

TEST_CASE("an empty configuration is an open OCI registry") {
  const auto configuration = parse_configuration("", "c.yaml");
  REQUIRE(configuration);
  CHECK(configuration->profile == Profile::Oci);
  CHECK(configuration->authentication == Authentication::None);
  CHECK(configuration->keep_cut_uploads);
  CHECK_FALSE(configuration->redirect_blobs);
}

TEST_CASE("the acr profile signs in and redirects unless told otherwise") {
  const auto plain = parse_configuration("profile: acr", "c.yaml");
  REQUIRE(plain);
  CHECK(plain->authentication == Authentication::Bearer);
  CHECK(plain->redirect_blobs);
  const auto told = parse_configuration(R"({"profile": "acr", "authentication": "None", "redirectBlobs": false,
    "uploads": "drop", "tokenLifetime": "5s", "credentials": [{"username": "u", "password": "p",
    "actions": ["pull"]}], "faults": [{"action": "Quota"}]})",
                                        "c.json");
  REQUIRE(told);
  CHECK(told->authentication == Authentication::None);
  CHECK_FALSE(told->redirect_blobs);
  CHECK_FALSE(told->keep_cut_uploads);
  CHECK(told->token_lifetime == std::chrono::seconds(5));
  REQUIRE(told->credentials.size() == 1);
  CHECK(told->credentials.front().repositories == std::vector<std::string>{"**"});
  CHECK(told->credentials.front().actions == std::set<std::string>{"pull"});
  CHECK(told->faults.size() == 1);
}

TEST_CASE("what is wrong with a configuration is said with its field") {
  struct Row {
    std::string text, message;
  };
  const Row row = GENERATE(values<Row>({
      {"profile: ghcr", "c.yaml.profile: \"ghcr\" is not one of oci, acr"},
      {"uploads: maybe", "c.yaml.uploads: \"maybe\" is not one of keep, drop"},
      {"tokenLifetime: soon", "c.yaml.tokenLifetime: "},
      {"credentials: [{username: u}]", "credentials[0].password: is missing"},
      {"colour: red", "c.yaml.\"colour\": no such field"},
      {"faults: [{action: X}]", "faults[0].action: no action \"X\""},
      {"- a", "c.yaml: expected a map, found a list"},
  }));
  const auto configuration = parse_configuration(row.text, "c.yaml");
  REQUIRE_FALSE(configuration);
  INFO(configuration.error().message);
  CHECK(configuration.error().message.starts_with(row.message));
}

#include "controller/registry/challenge.h"

#include "tests/catch.h"

using slipway::registry::Challenge;
using slipway::registry::parse_challenges;
using Challenges = std::vector<Challenge>;

TEST_CASE("Challenges as registries send them") {
  struct Row {
    std::string header;
    Challenges expected;
  };
  const Row row = GENERATE(values<Row>({
      {"", {}},
      {"Basic", {{"basic", {}}}},
      {"Basic realm=\"r\"", {{"basic", {{"realm", "r"}}}}},
      {"Bearer realm=\"https://r.io/oauth2/token\",service=\"r.io\",scope=\"repository:a/b:pull,push\"",
       {{"bearer",
         {{"realm", "https://r.io/oauth2/token"}, {"service", "r.io"}, {"scope", "repository:a/b:pull,push"}}}}},
      {"bearer  Realm = x , ERROR=invalid_token", {{"bearer", {{"realm", "x"}, {"error", "invalid_token"}}}}},
      {"Bearer realm=\"a\\\"b\\\\c\"", {{"bearer", {{"realm", "a\"b\\c"}}}}},
      {"Negotiate, Basic realm=x", {{"negotiate", {}}, {"basic", {{"realm", "x"}}}}},
      {"Negotiate YII/aa==, Bearer realm=x", {{"negotiate", {}}, {"bearer", {{"realm", "x"}}}}},
      {"Basic realm=a, Bearer realm=b, scope=c",
       {{"basic", {{"realm", "a"}}}, {"bearer", {{"realm", "b"}, {"scope", "c"}}}}},
      {", ,Basic realm=a,,", {{"basic", {{"realm", "a"}}}}},
      {"Bearer realm=a, realm=b", {{"bearer", {{"realm", "a"}}}}},
      {"Bearer realm=\"open", {{"bearer", {}}}},
      {"Bearer realm=\"a\" garbage", {{"bearer", {{"realm", "a"}}}}},
      {"Bearer realm=\"a\nb\"", {{"bearer", {}}}},
      {"\"", {}},
  }));
  CAPTURE(row.header);
  const Challenges found = parse_challenges(row.header);
  REQUIRE(found.size() == row.expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].scheme == row.expected[i].scheme);
    CHECK(found[i].parameters == row.expected[i].parameters);
  }
}

TEST_CASE("Hostile challenges are bounded") {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "S" + std::to_string(i) + " a=b, ";
  CHECK(parse_challenges(many).size() == 8);
  std::string wide = "Bearer a0=b";
  for (int i = 1; i < 100; ++i) wide += ", a" + std::to_string(i) + "=b";
  CHECK(parse_challenges(wide).at(0).parameters.size() == 16);
  CHECK(parse_challenges("Bearer a=" + std::string(4096, 'x')).at(0).get("a").size() == 4096);
  CHECK(parse_challenges("Bearer a=" + std::string(4097, 'x')).at(0).get("a").empty());
  CHECK(parse_challenges("Bearer a=\"" + std::string(4096, 'x') + "\"").at(0).get("a").size() == 4096);
  CHECK(parse_challenges("Bearer a=\"" + std::string(4097, 'x') + "\"").at(0).get("a").empty());
}

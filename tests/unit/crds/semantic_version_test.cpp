#include "crds/base/semantic_version.h"

#include "tests/catch.h"

using namespace slipway;

TEST_CASE("what is a semantic version", "[semver]") {
  for (const std::string good : {"0.0.0", "1.2.3", "v1.2.3", "1.2.3-rc.1", "1.2.3-0", "1.2.3-a-b.c", "1.2.3+build.007",
                                 "1.2.3-rc+sha.5114f85", "99999999999999999999.0.0", "1.0.0--"}) {
    INFO(good);
    CHECK(parse_semantic_version(good).has_value());
  }
  for (const std::string bad :
       {"",       "1",          "1.2",   "1.2.3.4", "01.2.3", "1.02.3", "1.2.03",  "1.2.3-",  "1.2.3-a..b", "1.2.3-01",
        "1.2.3+", "1.2.3+a..b", "1.2.x", "-1.2.3",  "1.2.3 ", "V1.2.3", "vv1.2.3", "1.2.3-ä", "20261124",   "1..3"}) {
    INFO(bad);
    CHECK_FALSE(parse_semantic_version(bad).has_value());
  }
  CHECK_FALSE(parse_semantic_version("1.2.3-" + std::string(251, 'a')).has_value());
  CHECK(parse_semantic_version("1.2.3-" + std::string(250, 'a')).has_value());
  CHECK(parse_semantic_version("1.2.3-rc.1")->is_prerelease());
  CHECK_FALSE(parse_semantic_version("1.2.3+rc")->is_prerelease());
}

TEST_CASE("precedence as clause 11 has it", "[semver]") {
  const std::string ascending[] = {"0.9.9",
                                   "1.0.0-1",
                                   "1.0.0-2",
                                   "1.0.0-10",
                                   "1.0.0-alpha",
                                   "1.0.0-alpha.1",
                                   "1.0.0-alpha.beta",
                                   "1.0.0-beta",
                                   "1.0.0-beta.2",
                                   "1.0.0-beta.11",
                                   "1.0.0-rc.1",
                                   "1.0.0",
                                   "1.0.1",
                                   "1.0.10",
                                   "1.1.0",
                                   "1.10.0",
                                   "2.0.0",
                                   "10.0.0",
                                   "99999999999999999999.0.0"};
  for (std::size_t i = 0; i < std::size(ascending); ++i)
    for (std::size_t j = 0; j < std::size(ascending); ++j) {
      INFO(ascending[i] << " and " << ascending[j]);
      CHECK((compare(*parse_semantic_version(ascending[i]), *parse_semantic_version(ascending[j])) == (i <=> j)));
    }
  CHECK((compare(*parse_semantic_version("1.0.0+a"), *parse_semantic_version("v1.0.0+b")) == 0));
}

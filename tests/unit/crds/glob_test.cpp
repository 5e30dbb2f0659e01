#include "crds/base/glob.h"

#include <string>

#include "tests/catch.h"

namespace slipway {

TEST_CASE("a star stops at a slash, two cross it") {
  CHECK(glob_matches("shop/app", "shop/app"));
  CHECK_FALSE(glob_matches("shop/app", "shop/apps"));
  CHECK_FALSE(glob_matches("shop/app", "Shop/app"));
  CHECK(glob_matches("shop/*", "shop/a"));
  CHECK(glob_matches("shop/*", "shop/"));
  CHECK_FALSE(glob_matches("shop/*", "shop/a/b"));
  CHECK_FALSE(glob_matches("shop/*", "shop"));
  CHECK(glob_matches("shop/**", "shop/a/b"));
  CHECK_FALSE(glob_matches("shop/**", "shop"));
  CHECK_FALSE(glob_matches("shop/**", "shopping/a"));
  CHECK(glob_matches("**", ""));
  CHECK(glob_matches("*", ""));
  CHECK_FALSE(glob_matches("*", "a/b"));
  CHECK(glob_matches("v1.0.*", "v1.0.3"));
  CHECK_FALSE(glob_matches("v1.0.*", "v1x0.3"));
}

TEST_CASE("several stars") {
  CHECK(glob_matches("*/app", "team/app"));
  CHECK_FALSE(glob_matches("*/app", "a/team/app"));
  CHECK(glob_matches("**/app", "a/team/app"));
  CHECK(glob_matches("*/*", "a/b"));
  CHECK_FALSE(glob_matches("*/*", "a/b/c"));
  CHECK(glob_matches("a*b*c", "a-b-b-c"));
  CHECK_FALSE(glob_matches("a*b*c", "a-b/b-c"));
  CHECK(glob_matches("a**b*c", "a/x/b-c"));
  CHECK_FALSE(glob_matches("a*a", "a"));
  CHECK_FALSE(glob_matches("**a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"));
}

TEST_CASE("patterns are bounded and made of what names are made of") {
  CHECK(check_glob("127.0.0.1:5000/**"));
  CHECK(check_glob(std::string(512, 'a')));
  CHECK_FALSE(check_glob(std::string(513, 'a')));
  CHECK_FALSE(check_glob(""));
  for (const auto* text : {"a b", "a?", "[a]", "a\n", "é", "a@b", "{a,b}"}) {
    CAPTURE(text);
    REQUIRE_FALSE(check_glob(text));
    CHECK(check_glob(text).error().cls == ErrorClass::Invalid);
  }
  CHECK(check_glob("shop/é").error().message ==
        "the pattern \"shop/é\" has \"é\", which no repository or tag can have");
}

}  // namespace slipway

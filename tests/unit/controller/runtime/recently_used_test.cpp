#include "controller/runtime/recently_used.h"

#include <string>

#include "tests/catch.h"

namespace slipway::runtime {

TEST_CASE("what was used longest ago goes first") {
  RecentlyUsed<int, std::string> kept(2);
  CHECK(kept.find(1) == nullptr);
  kept.at(1) = "one";
  kept.at(2) = "two";
  REQUIRE(kept.find(1) != nullptr);
  kept.at(3) = "three";
  CHECK(kept.find(2) == nullptr);
  REQUIRE(kept.find(1) != nullptr);
  CHECK(*kept.find(1) == "one");
  CHECK(kept.at(3) == "three");
  kept.at(4) = "four";
  CHECK(kept.find(1) == nullptr);
}

TEST_CASE("one is kept in any case") {
  RecentlyUsed<int, int> kept(0);
  kept.at(1) = 7;
  CHECK(kept.at(1) == 7);
  kept.at(2) = 8;
  CHECK(kept.find(1) == nullptr);
}

}  // namespace slipway::runtime

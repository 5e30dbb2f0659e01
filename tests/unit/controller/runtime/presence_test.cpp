#include "controller/runtime/presence.h"

#include <optional>

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace slipway::runtime {

TEST_CASE("who is at work is seen by others for as long as it is") {
  const tests::TemporaryFolder folder;
  const auto file = folder.path() / "state.db.at-work";
  CHECK(Presence::is_anybody(file) == false);
  {
    const auto first = Presence::announce(file);
    REQUIRE(first);
    CHECK(Presence::is_anybody(file) == true);
    CHECK(first->is_anybody_else() == false);
    const auto second = Presence::announce(file);
    REQUIRE(second);
    CHECK(first->is_anybody_else() == true);
  }
  CHECK(Presence::is_anybody(file) == false);
}

TEST_CASE("where it can't be told whether somebody is at work, nobody says that nobody is") {
  const tests::TemporaryFolder folder;
  const auto file = folder.path() / "state.db.at-work";
  std::filesystem::create_symlink("elsewhere", file);
  CHECK(Presence::is_anybody(file) == std::nullopt);
}

TEST_CASE("a folder that can't be written says so") {
  const auto presence = Presence::announce("/nowhere/state.db.at-work");
  REQUIRE_FALSE(presence);
  CHECK(presence.error().cls == ErrorClass::Unavailable);
}

}  // namespace slipway::runtime

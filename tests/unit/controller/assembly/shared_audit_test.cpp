#include "controller/assembly/shared_audit.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "controller/audit/log_files.h"
#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/controller/audit/chains.h"

namespace slipway::assembly {
namespace {

struct World {
  Result<std::vector<AuditNumber>> intend(const std::string& namespace_name, std::size_t changes = 1,
                                          AuditAction action = AuditAction::SetTag) {
    auto intent = audit::tests::set_tag("1.0");
    intent.who.object.namespace_name = namespace_name;
    intent.what.action = action;
    return audit.intend(intent.who, std::vector(changes, intent.what));
  }
  std::ptrdiff_t errors() const {
    return std::ranges::count_if(lines, [](const std::string& line) { return line.contains("\"error\""); });
  }

  const tests::TemporaryFolder folder;
  const tests::ManualClock clock{Timestamp{}};
  std::vector<std::string> lines;
  telemetry::Log log{clock, {.write = [this](const std::string& line) { lines.push_back(line); }}};
  telemetry::Metrics metrics{"0"};
  const AuditSurroundings surroundings{log, metrics, clock};
  std::optional<std::int64_t> room = 1 << 20;
  SharedAudit audit{*open_audit_log(folder.path(), "cluster-1", surroundings), [this] { return room; }, surroundings};
};

}  // namespace

TEST_CASE("a namespace that put on the audit log what is left of its volume waits, and others don't") {
  World world;
  REQUIRE(world.intend("shop"));
  REQUIRE(world.intend("rival", 1000));
  const auto size = std::filesystem::file_size(world.folder / audit::segment_name(1));
  for (int i = 0; i < 2; ++i) {
    const auto noted = world.intend("rival", 1000);
    REQUIRE_FALSE(noted);
    CHECK(noted.error().cls == ErrorClass::QuotaExceeded);
    CHECK_THAT(noted.error().message, Catch::Contains("namespace rival put "));
    CHECK(noted.error().retry_after);
  }
  CHECK(std::filesystem::file_size(world.folder / audit::segment_name(1)) == size);
  CHECK(world.intend("shop"));
  CHECK_FALSE(world.audit.failure());
  CHECK(world.errors() == 1);
  CHECK_THAT(world.metrics.text(), Catch::Contains("slipway_audit_failures_total 2"));
  SECTION("what takes something away is recorded all the same") {
    for (const auto action : {AuditAction::RemoveTag, AuditAction::DeleteManifest})
      CHECK(world.intend("rival", 1000, action));
  }
  SECTION("what takes nothing away waits as well: objects can be made and deleted without end") {
    CHECK_FALSE(world.intend("rival", 1000, AuditAction::LeaveTags));
  }
  SECTION("until there is room") {
    world.room = 8 << 20;
    CHECK(world.intend("rival", 1000));
    world.room = 1 << 20;
    CHECK_FALSE(world.intend("rival", 1000));
    CHECK(world.errors() == 2);
  }
  SECTION("where the room is not known nobody waits") {
    world.room.reset();
    CHECK(world.intend("rival", 1000));
  }
}

TEST_CASE("what is counted of a change is about what its records take") {
  World world;
  REQUIRE(world.intend("shop"));
  const auto empty = std::filesystem::file_size(world.folder / audit::segment_name(1));
  const auto numbers = world.intend("rival", 500);
  REQUIRE(numbers);
  for (const auto number : *numbers) world.audit.ended(number, {});
  const auto written = std::filesystem::file_size(world.folder / audit::segment_name(1)) - empty;
  const auto held = [&](double of_written) {
    world.room = static_cast<std::int64_t>(of_written * static_cast<double>(written));
    return !world.intend("rival", 1);
  };
  CHECK(held(0.9));
  CHECK_FALSE(held(1.1));
}

TEST_CASE("the room of a folder's volume is known, and that of none is not") {
  const tests::TemporaryFolder folder;
  const auto room = room_of(folder.path())();
  REQUIRE(room);
  CHECK(*room > 0);
  CHECK_FALSE(room_of(folder / "none")());
}

}  // namespace slipway::assembly

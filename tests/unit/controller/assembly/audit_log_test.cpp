#include "controller/assembly/audit_log.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "controller/audit/log_files.h"
#include "tests/catch.h"
#include "tests/support/full_volume.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/controller/audit/chains.h"

namespace slipway::assembly {
namespace {

struct World {
  Result<std::vector<AuditNumber>> intend(std::size_t changes = 1) {
    const auto intent = audit::tests::set_tag("1.0");
    return audit->intend(intent.who, std::vector(changes, intent.what));
  }
  std::size_t size() const { return std::filesystem::file_size(folder / audit::segment_name(1)); }
  std::ptrdiff_t lines_with(const std::string& text) const {
    return std::ranges::count_if(lines, [&](const std::string& line) { return line.contains(text); });
  }

  const tests::TemporaryFolder folder;
  const tests::ManualClock clock{Timestamp{}};
  std::vector<std::string> lines;
  telemetry::Log log{clock, {.write = [this](const std::string& line) { lines.push_back(line); }}};
  telemetry::Metrics metrics{"0"};
  std::unique_ptr<KeptAudit> audit = *open_audit_log(folder.path(), "cluster-1", {log, metrics, clock});
};

}  // namespace

TEST_CASE(
    "where nothing can be recorded it is logged once and counted each time, until it is tried again with success") {
  World world;
  CHECK(world.lines_with("\"audit log\"") == 1);
  REQUIRE(world.intend());
  CHECK_FALSE(world.audit->failure());
  CHECK_FALSE(world.audit->try_again());
  {
    const tests::FullVolume full{world.size()};
    CHECK_FALSE(world.intend());
    CHECK_FALSE(world.intend());
    REQUIRE(world.audit->failure());
    CHECK(world.audit->try_again() == world.audit->failure());
  }
  CHECK(world.lines_with("\"error\"") == 1);
  CHECK_THAT(world.metrics.text(), Catch::Contains("slipway_audit_failures_total 3"));
  CHECK(world.audit->failure());
  CHECK_FALSE(world.audit->try_again());
  CHECK_FALSE(world.audit->failure());
  const auto size = world.size();
  CHECK_FALSE(world.audit->try_again());
  CHECK(world.size() == size);
  REQUIRE(world.intend());
  const auto verdict = audit::verify({.paths = {world.folder.path().string()}, .standard_input = std::cin}, {});
  REQUIRE(verdict);
  CHECK_FALSE(verdict->finding);
  CHECK(verdict->head.seq == 4);
}

TEST_CASE("the last record is told at the start, now and then, and at the end") {
  World world;
  REQUIRE(world.intend(1000));
  CHECK(world.lines_with("\"audit log\"") == 2);
  REQUIRE(world.intend(900));
  CHECK(world.lines_with("\"audit log\"") == 2);
  world.audit.reset();
  CHECK(world.lines_with("\"audit log\"") == 3);
}

TEST_CASE("a process that only looks can't change anything") {
  const auto audit = no_audit_log();
  const auto intent = audit::tests::set_tag("1.0");
  CHECK(audit->intend(intent.who, {intent.what}).error().cls == ErrorClass::Internal);
  CHECK_FALSE(audit->failure());
  CHECK_FALSE(audit->try_again());
}

}  // namespace slipway::assembly

#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {

TEST_CASE("an exception that no finding matches is said in the plan, in an event and as long as the gate has passed") {
  using namespace std::chrono_literals;
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  publication.spec.gates.scan =
      ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}},
               .exceptions = {{.id = "CVE-2026-9999", .package = "openssl", .reason = "n/a", .until = "2026-12-31"}}};
  world.objects.files["scan.json"] = make_report(image);
  const std::string note =
      "scan: no finding is matched by exception \"CVE-2026-9999\" for package \"openssl\": correct id and package, or "
      "remove it";

  world.objects.apply(publication);
  const auto plan = world.plan(publication);
  CHECK(std::ranges::count(plan, "  note: " + note) == 1);

  world.look(publication);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK(world.message(publication, "GatesPassed") == "passed: scan; " + note);
  const auto told = std::ranges::find(world.recorder.events, note, &InMemoryRecorder::Event::message);
  REQUIRE(told != world.recorder.events.end());
  CHECK(told->type == EventType::Warning);
  CHECK(told->reason == "Noted");

  const auto events = world.recorder.events.size();
  for (const auto later : {1h, 24h}) {
    world.clock.advance(later);
    world.look(publication);
    CHECK(world.message(publication, "GatesPassed") == "passed: scan; " + note);
  }
  CHECK(world.recorder.events.size() == events);
}

}  // namespace slipway::tests

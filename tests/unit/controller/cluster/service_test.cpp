#include "controller/cluster/service.h"

#include "tests/catch.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/manual_clock.h"

namespace slipway::cluster {

namespace {

/// A program without a cluster.
struct World {
  Result<void> serve() { return cluster::serve(options, surroundings, stop.get_token()); }

  std::stop_source stop;
  std::function<void(const std::string& line)> on_line = [](const std::string&) {};
  const tests::ManualClock clock{Timestamp{}};
  telemetry::Log log{clock, {.write = [this](const std::string& line) { on_line(line); }}};
  telemetry::Metrics metrics{"0"};
  tests::InMemoryRecorder recorder;
  tests::InMemoryProgress progress;
  const assembly::Surroundings surroundings{log, metrics, recorder, progress, clock};
  // Nothing listens on port 1 of this machine.
  ServiceOptions options{.access = {.server = "https://127.0.0.1:1", .origin = "a test"}, .identity = "slipway-0"};
};

}  // namespace

TEST_CASE("what time does not mend keeps a cluster's service from starting") {
  World world;
  SECTION("an address that is none") {
    world.options.listen = "nowhere";
  }
  SECTION("a server that is none") {
    world.options.access.server = "nowhere";
  }
  SECTION("a proxy that is none") {
    world.options.environment["HTTPS_PROXY"] = "ftp://proxy";
  }
  const auto served = world.serve();
  REQUIRE_FALSE(served);
  CHECK(served.error().cls == ErrorClass::Invalid);
}

TEST_CASE("an API server that is away is said, and asked until it is told to end") {
  World world;
  std::string said;
  world.on_line = [&](const std::string& line) {
    if (!line.contains("\"error\"")) return;
    said = line;
    world.stop.request_stop();
  };
  CHECK(world.serve());
  CHECK_THAT(said, Catch::Contains("127.0.0.1:1"));
}

}  // namespace slipway::cluster

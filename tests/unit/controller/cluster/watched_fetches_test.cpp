#include "controller/cluster/watched_fetches.h"

#include <set>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

using namespace slipway;
using namespace slipway::cluster;
using namespace std::chrono_literals;

namespace {

const ObjectKey kFirst{ResourceKind::ImagePublication, "shop", "first"};
const ObjectKey kSecond{ResourceKind::ImagePublication, "shop", "second"};
const ObjectKey kRegistry{ResourceKind::ContainerRegistry, "", "contoso"};

Error no_right(const std::string& name) {
  return {ErrorClass::Forbidden, "get " + name + ": 403", R"(add - {verbs: ["get"]})", {}, {}};
}

struct World {
  std::vector<std::string> lines;
  tests::ManualClock clock{Timestamp{}};
  telemetry::Log log{clock, {.write = [this](const std::string& line) { lines.push_back(line); }}};
  tests::ManualSteadyClock steady;
  std::set<ObjectKey> lost;
  Result<void> answer;
  WatchedFetches fetches{[this](const ObjectKey&, const std::stop_token&) { return answer; },
                         {log, steady, [this](const ObjectKey& key) { return !lost.contains(key); }}};

  Result<void> fetch(const ObjectKey& key) { return fetches.fetch(key, {}); }
};

}  // namespace

TEST_CASE(
    "A right that is missing to read what was taken over is said once an hour, with the rule, until it is there") {
  World world;
  world.answer = std::unexpected(no_right("first"));
  CHECK(world.fetch(kFirst) == world.answer);
  REQUIRE(world.lines.size() == 1);
  CHECK_THAT(world.lines.front(), Catch::Contains("get first: 403") && Catch::Contains("ImagePublication shop/first") &&
                                      Catch::Contains("verbs"));
  REQUIRE(world.fetches.failure());
  CHECK(*world.fetches.failure() == no_right("first"));
  CHECK_FALSE(world.fetch(kSecond));
  CHECK(world.lines.size() == 1);
  world.steady.advance(1h);
  CHECK_FALSE(world.fetch(kSecond));
  CHECK(world.lines.size() == 2);

  CHECK_FALSE(world.fetch(kRegistry));
  CHECK(world.lines.size() == 3);
  world.answer = {};
  CHECK(world.fetch(kFirst));
  CHECK(world.fetches.failure());
  CHECK(world.fetch(kRegistry));
  CHECK_FALSE(world.fetches.failure());
}

TEST_CASE("What is another replica's again, or was not tried for long, is told of no more") {
  World world;
  world.answer = std::unexpected(no_right("first"));
  CHECK_FALSE(world.fetch(kFirst));
  world.lost.insert(kFirst);
  CHECK_FALSE(world.fetches.failure());
  world.lost.clear();
  world.steady.advance(assembly::ObjectFailure::kOldNews - 1ms);
  CHECK(world.fetches.failure());
  world.steady.advance(1ms);
  CHECK_FALSE(world.fetches.failure());
}

TEST_CASE("A server that is away or behind, and one odd object, say nothing of the whole") {
  World world;
  for (const auto cls : {ErrorClass::Unavailable, ErrorClass::Throttled, ErrorClass::Cancelled}) {
    world.answer = fail(cls, "wait", "wait");
    CHECK_FALSE(world.fetch(kFirst));
  }
  CHECK(world.lines.empty());
  world.answer = fail(ErrorClass::Integrity, "an answer that is none", "look who answers");
  CHECK_FALSE(world.fetch(kFirst));
  CHECK(world.lines.size() == 1);
  CHECK_FALSE(world.fetches.failure());
}

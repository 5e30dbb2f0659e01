#include "controller/registry/host_silence.h"

#include <map>
#include <vector>

#include "tests/catch.h"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

const Result<http::Response> kAnswer = http::Response{.status = 503};
const Result<http::Response> kNone = fail(ErrorClass::Unavailable, "timed out", "wait");

/// Notes each request as sent at a time and over at another, both after one start.
struct World {
  registry::HostSilence silence;
  const Timestamp start{1'800'000'000'000ms};

  void over(const Result<http::Response>& result, std::chrono::seconds from, std::chrono::seconds to,
            const http::Request& request = {}) {
    silence.note(request, result, start + from, start + to);
  }
  /// Whether a request of the visit may be sent, which is out from then on.
  bool may(const std::string& visit) {
    auto place = silence.enter("r.io", visit);
    if (place) out[visit].push_back(std::move(*place));
    return place.has_value();
  }
  void back(const std::string& visit) { out[visit].pop_back(); }

  std::map<std::string, std::vector<registry::HostSilence::Place>> out;
};

}  // namespace

TEST_CASE("A host that gives no answer is asked by one visit at a time, until it answers") {
  World world;
  CHECK(world.may("a"));
  CHECK(world.may("b"));
  world.over(kNone, 0s, 60s);
  CHECK(world.silence.is_silent());
  CHECK(world.may("b"));
  CHECK(world.may("b"));
  const auto refused = world.silence.enter("r.io", "a");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().cls == ErrorClass::Unavailable);
  CHECK(refused.error().message.starts_with("r.io gives no answer"));
  CHECK(world.may(""));
  world.back("a");
  CHECK_FALSE(world.may("a"));
  world.back("b");
  CHECK_FALSE(world.may("a"));
  world.back("b");
  CHECK(world.may("a"));
  CHECK_FALSE(world.may("b"));
  world.back("b");
  CHECK_FALSE(world.may("b"));
  world.over(kAnswer, 60s, 61s);
  CHECK(world.may("b"));
  CHECK(world.may("a"));
}

TEST_CASE("A host is not silent that fails at once, answers others, or falls silent in a blob") {
  World world;
  SECTION("fails at once") {
    world.over(kNone, 0s, 7s);
  }
  SECTION("fails at once after a silence") {
    world.over(kNone, 0s, 60s);
    CHECK(world.may("a"));
    world.over(kNone, 60s, 61s);
  }
  SECTION("answers others meanwhile") {
    world.over(kAnswer, 29s, 30s);
    world.over(kNone, 0s, 60s);
  }
  SECTION("in a blob that is read, or sent") {
    world.over(kNone, 0s, 60s, {.body_writer = [](auto) { return Result<void>(); }});
    world.over(kNone, 0s, 60s, {.body_reader = [](auto) { return Result<std::size_t>(0); }});
  }
  SECTION("somebody stopped waiting") {
    world.over(fail(ErrorClass::Cancelled, "stopped"), 0s, 60s);
  }
  CHECK_FALSE(world.silence.is_silent());
  CHECK(world.may("b"));
  CHECK(world.may("c"));
}

TEST_CASE("An answer of before the request began is none to it") {
  World world;
  world.over(kAnswer, 0s, 1s);
  world.over(kNone, 2s, 62s);
  CHECK(world.silence.is_silent());
}

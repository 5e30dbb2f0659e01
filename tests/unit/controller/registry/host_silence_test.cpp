#include "controller/registry/host_silence.h"

#include <map>
#include <vector>

#include "controller/http/waited_here.h"
#include "reconcilers/reasons.h"
#include "tests/catch.h"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

const Result<http::Response> kAnswer = http::Response{.status = 404};
const Result<http::Response> kNone = fail(ErrorClass::Unavailable, "timed out", "wait");

/// Shows the time that the test sets.
class SetClock final : public runtime::SteadyClock {
 public:
  Time now() const override { return time; }
  Time time{std::chrono::hours{1}};
};

class Told final : public registry::SilenceWatcher {
 public:
  void began(const std::string& host) override { all.push_back(host + " is silent"); }
  void put_off(const std::shared_ptr<const registry::HostSilence>& host, registry::SilenceRow,
               const std::string& visit) override {
    all.push_back(visit + " waits for " + host->host());
  }
  void is_free(const std::string& host, registry::SilenceRow row) override {
    all.push_back(host + " is free" + (row == registry::SilenceRow::Hanging ? ", where it hangs" : ""));
  }
  void is_over(const std::string& host) override { all.push_back(host + " is not silent"); }

  std::vector<std::string> take() { return std::exchange(all, {}); }
  std::vector<std::string> all;
};

struct World {
  SetClock clock;
  Told told;
  const std::shared_ptr<registry::HostSilence> silence =
      std::make_shared<registry::HostSilence>("r.io", registry::HostSilence::Hands{clock, told});
  const runtime::SteadyClock::Time start = clock.time;

  /// A request of nobody's that was sent at one time and is over at another, both after one start.
  void over(const Result<http::Response>& result, std::chrono::seconds from, std::chrono::seconds to,
            const http::Request& request = {}, std::chrono::seconds waited = 0s, const std::string& part = {}) {
    clock.time = start + from;
    auto place = silence->enter("", part);
    REQUIRE(place);
    clock.time = start + to;
    http::waited_here() += waited;
    place->over(request, result);
  }
  /// Whether a request of the visit may be sent, which is out from then on.
  bool may(const std::string& visit, const std::string& part = {}) {
    auto place = silence->enter(visit, part);
    if (place) out[visit].push_back(std::move(*place));
    return place.has_value();
  }
  /// The request of the visit that was sent last is over, in vain.
  void back(const std::string& visit) {
    clock.time += 60s;
    out[visit].back().over({}, kNone);
    out[visit].pop_back();
  }

  std::map<std::string, std::vector<registry::HostSilence::Place>> out;
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("A host that gives no answer is asked by one visit at a time, until it answers") {
  World world;
  CHECK(world.may("a"));
  CHECK(world.may("b"));
  world.over(kNone, 0s, 60s);
  CHECK(world.silence->is_silent());
  CHECK_FALSE(world.silence->is_taken(registry::SilenceRow::Hanging));
  CHECK(world.may("b"));
  CHECK(world.may("b"));
  CHECK(world.silence->is_taken(registry::SilenceRow::Hanging));
  const auto refused = world.silence->enter("a");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().cls == ErrorClass::Unavailable);
  CHECK(refused.error().reason == reason::kHostSilent);
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
  world.over(kAnswer, 600s, 601s);
  CHECK(world.may("b"));
  CHECK(world.may("a"));
}

TEST_CASE(
    "Who wants to know is told when a silence begins, who is put off, when the host is free, and when it is over") {
  World world;
  world.over(kNone, 0s, 60s);
  CHECK(world.told.take() == Words{"r.io is silent"});
  CHECK(world.may("a"));
  CHECK_FALSE(world.may("b"));
  CHECK(world.told.take() == Words{"b waits for r.io"});
  world.back("a");
  CHECK(world.told.take() == Words{"r.io is free, where it hangs"});
  CHECK(world.may("b"));
  world.over(kNone, 200s, 260s);
  CHECK(world.told.take().empty());
  world.over(kAnswer, 260s, 261s);
  CHECK(world.told.take() == Words{"r.io is not silent"});
  CHECK(world.may("c"));
  world.back("b");
  CHECK(world.told.take().empty());
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
    auto early = world.silence->enter("");
    world.over(kAnswer, 29s, 30s);
    world.clock.time = world.start + 60s;
    early->over({}, kNone);
  }
  SECTION("in a blob that is read, or sent") {
    const Result<http::Response> bad = http::Response{.status = 502};
    const auto& result = GENERATE(false, true) ? kNone : bad;
    world.over(result, 0s, 60s, {.body_writer = [](auto) { return Result<void>(); }});
    world.over(result, 0s, 60s, {.body_reader = [](auto) { return Result<std::size_t>(0); }});
  }
  SECTION("somebody stopped waiting") {
    world.over(fail(ErrorClass::Cancelled, "stopped"), 0s, 60s);
  }
  SECTION("it was waited for the own rate") {
    world.over(kNone, 0s, 60s, {}, 53s);
  }
  CHECK_FALSE(world.silence->is_silent());
  CHECK(world.may("b"));
  CHECK(world.may("c"));
}

TEST_CASE("An answer of before the request began is none to it") {
  World world;
  world.over(kAnswer, 0s, 1s);
  world.over(kNone, 2s, 62s);
  CHECK(world.silence->is_silent());
}

TEST_CASE("A host whose proxy says after a long wait that it can't is silent, one that says so at once is not") {
  const auto status = GENERATE(500, 502, 503, 504);
  World world;
  world.over(http::Response{.status = status}, 0s, 8s);
  CHECK(world.silence->is_silent());
  CHECK(world.may("a"));
  CHECK_FALSE(world.may("b"));
  world.over(http::Response{.status = status}, 8s, 15s);
  CHECK_FALSE(world.silence->is_silent());
}

TEST_CASE("What becomes of a courtesy neither begins a silence nor ends it") {
  World world;
  const http::Request courtesy{.now_or_never = true};
  const auto& result = GENERATE(false, true) ? kAnswer : kNone;
  world.over(result, 0s, 60s, courtesy);
  CHECK_FALSE(world.silence->is_silent());
  world.over(kNone, 0s, 60s);
  world.over(result, 60s, 61s, courtesy);
  CHECK(world.silence->is_silent());
}

TEST_CASE("Repositories that hang keep nobody from those that answer, and one visit at a time from themselves") {
  World world;
  world.over(kNone, 0s, 60s, {}, 0s, "slow/a");
  CHECK(world.may("a", "slow/a"));
  CHECK_FALSE(world.may("b", "slow/a"));
  CHECK(world.may("c", "good"));
  CHECK_FALSE(world.may("d", "slow/b"));
  world.out["c"].back().over({}, kAnswer);
  CHECK_FALSE(world.silence->is_silent());
  CHECK(world.silence->is_taken(registry::SilenceRow::Hanging));
  CHECK_FALSE(world.silence->is_taken(registry::SilenceRow::Untried));
  world.clock.time += 1s;
  CHECK(world.may("d", "slow/b"));
  CHECK(world.may("e", "good"));
  CHECK_FALSE(world.may("b", "slow/a"));
  SECTION("until one of them answers") {
    world.out["a"].back().over({}, kAnswer);
    CHECK(world.may("b", "slow/a"));
    CHECK(world.may("a", "slow/a"));
  }
  SECTION("one after the other") {
    world.told.take();
    world.back("a");
    CHECK(world.told.take() == Words{"r.io is free, where it hangs"});
    CHECK(world.may("b", "slow/a"));
    CHECK_FALSE(world.may("a", "slow/a"));
  }
  SECTION("whatever more of them there are") {
    world.back("d");
    CHECK_FALSE(world.may("f", "slow/b"));
    world.back("a");
    CHECK(world.may("f", "slow/b"));
    CHECK_FALSE(world.may("g", "slow/a"));
    CHECK(world.may("h", "good"));
  }
}

TEST_CASE("However many parts of a host never answer, those that did have a turn beside them") {
  World world;
  world.over(kAnswer, 0s, 1s, {}, 0s, "good");
  world.over(kNone, 2s, 62s, {}, 0s, "slow 0");
  for (int number = 1; number < 30; ++number) {
    const std::string slow = "slow " + std::to_string(number);
    CHECK(world.may(slow, slow));
    CHECK_FALSE(world.may("new", "never asked"));
    CHECK(world.may("good", "good"));
    CHECK_FALSE(world.may("another", "good"));
    world.out["good"].clear();
    world.back(slow);
  }
  CHECK(world.silence->is_silent());
  CHECK(world.may("good", "good"));
  world.out["good"].back().over({}, kAnswer);
  CHECK(world.may("new", "never asked"));
}

TEST_CASE("A part that keeps a request waiting while another answers is known as hanging, and the host is not silent") {
  World world;
  auto early = world.silence->enter("", "slow");
  world.over(kAnswer, 29s, 30s, {}, 0s, "good");
  world.clock.time = world.start + 60s;
  early->over({}, kNone);
  CHECK_FALSE(world.silence->is_silent());
  CHECK(world.may("a", "slow"));
  CHECK_FALSE(world.may("b", "slow"));
  CHECK(world.may("b", "good"));
  CHECK(world.may("c", "never asked"));
}

#include "controller/runtime/reflector.h"

#include <random>

#include "tests/catch.h"
#include "tests/unit/controller/runtime/reflector_world.h"

using namespace slipway;
using namespace slipway::runtime;
using namespace slipway::runtime::tests;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("Pages are read to the end, then it watches from the version of the list and goes on from bookmarks") {
  World world;
  for (const char* name : {"a", "b", "c"}) world.collection.set(name);
  CHECK_FALSE(world.reflector.has_synced());
  world.steps(1);
  CHECK(world.reflector.has_synced());
  CHECK(world.news() == Words{"aA", "bA", "cA"});
  REQUIRE(world.collection.lists.size() == 2);
  CHECK(world.collection.lists.at(1).continue_token == "b");
  world.collection.set("b");
  world.steps(1);
  CHECK(world.collection.watches.back().resource_version == "103");
  CHECK(world.collection.watches.back().server_timeout == 450s);
  CHECK(world.news() == Words{"bE"});
  world.steps(1);
  CHECK(world.collection.watches.back().resource_version == "104");
  CHECK(world.news().empty());
  CHECK(world.waits.empty());
}

TEST_CASE("A cut watch goes on from what was kept last, after a short wait, without a list") {
  World world;
  world.steps(1);
  for (const char* name : {"a", "b", "c"}) world.collection.set(name);
  world.collection.fail_once({.after = 2, .error = kCut});
  world.steps(2);
  CHECK(world.news() == Words{"aA", "bA", "cA"});
  CHECK(world.collection.watches.at(1).resource_version == "102");
  CHECK(world.collection.lists.size() == 1);
  CHECK(world.waits == std::vector<std::chrono::milliseconds>{100ms});
  CHECK_FALSE(world.reflector.is_failing());
}

TEST_CASE("What we wrote is passed over in the watch, which goes on behind it") {
  World world;
  world.collection.set("a");
  world.steps(1);
  world.news();
  world.collection.set("a");
  Reflected<Thing> written = *world.cache.find({{}, "a"});
  written.object.metadata.resource_version = "102";
  world.cache.wrote(written);
  world.collection.bookmarks = false;
  world.collection.fail_once({.after = 1, .error = kCut});
  world.steps(1);
  CHECK(world.collection.passed_over == 1);
  CHECK(world.news().empty());
  world.collection.set("a");
  world.steps(1);
  CHECK(world.collection.watches.back().resource_version == "102");
  CHECK(world.collection.passed_over == 1);
  CHECK(world.news() == Words{"aE"});
}

TEST_CASE("A version that is too old makes it list again: changed and gone objects are told, the others not") {
  World world;
  for (const char* name : {"a", "b", "c"}) world.collection.set(name);
  world.steps(1);
  world.news();
  world.collection.set("a");
  world.collection.remove("b");
  world.collection.set("d");
  world.collection.compact();
  world.steps(2);
  CHECK(world.news() == Words{"aE", "dA", "bD"});
  CHECK(world.cache.size() == 3);
}

TEST_CASE("A page that expired is asked for again from the start, in one answer") {
  World world;
  for (const char* name : {"a", "b", "c"}) world.collection.set(name);
  world.collection.fail_once({.after = 2, .error = kTooOld});
  world.steps(2);
  CHECK(world.news() == Words{"aA", "bA", "cA"});
  CHECK_FALSE(world.collection.lists.front().whole);
  CHECK(world.collection.lists.back().whole);
  CHECK(world.reflector.has_synced());
}

TEST_CASE("A list that breaks off takes nothing away and is made again, ever later, at least after Retry-After") {
  World world;
  for (const char* name : {"a", "b", "c"}) world.collection.set(name);
  world.steps(1);
  world.news();
  world.collection.compact();
  world.collection.set("c");
  world.collection.compact();
  world.steps(1);
  Error throttled = error(ErrorClass::Throttled);
  throttled.retry_after = 7s;
  world.collection.fail_once({.after = 1, .error = kCut});
  world.steps(1);
  CHECK(world.cache.size() == 3);
  world.collection.fail_once({.after = 0, .error = throttled});
  world.steps(1);
  CHECK(world.reflector.is_failing());
  CHECK(world.news().empty());
  world.steps(1);
  CHECK(world.news() == Words{"cE"});
  CHECK_FALSE(world.reflector.is_failing());
  REQUIRE(world.waits.size() == 4);
  CHECK(world.waits.at(1) == 200ms);
  CHECK(world.waits.at(2) + world.waits.at(3) >= 7s);
}

TEST_CASE("A watch that is refused lists again after a wait; one that can't be reached goes on from the version") {
  World world;
  world.steps(1);
  world.collection.refusal = error(ErrorClass::Forbidden);
  world.steps(2);
  CHECK(world.collection.lists.size() == 2);
  world.collection.refusal = kCut;
  world.steps(2);
  CHECK(world.collection.lists.size() == 2);
  CHECK(world.collection.watches.size() == 3);
}

TEST_CASE("Lists that go well do not hurry watches that are refused, nor hide that they are") {
  World world;
  const Error refused = GENERATE(values({error(ErrorClass::Forbidden), error(ErrorClass::Invalid), kTooOld}));
  world.steps(1);
  world.collection.passes = [&] { world.collection.refusal = refused; };
  for (int round = 0; round < 12; ++round) {
    world.steps(2);
    // A version may be too old once.
    CHECK(world.reflector.is_failing() == (round > 0 || refused.reason != kExpired));
  }
  CHECK(world.waits.size() == 12);
  CHECK(world.waits.back() > 15s);
  CHECK(world.recoveries == 0);
  world.collection.passes = nullptr;
  world.steps(1);
  CHECK(world.recoveries == 1);
  CHECK_FALSE(world.reflector.is_failing());
  world.steps(1);
  CHECK(world.recoveries == 1);
}

TEST_CASE("A version that got too old while the API server was away is listed again at once") {
  World world;
  world.steps(2);
  world.cuts(3);
  REQUIRE(world.waits.size() == 3);
  world.collection.set("a");
  world.collection.compact();
  world.steps(2);
  CHECK(world.news() == Words{"aA"});
  CHECK(world.waits.size() == 3);
}

TEST_CASE(
    "A server that is known to answer again is asked within a second, and soon again where it is not quite there") {
  World world;
  world.steps(1);
  for (int failure = 0; failure < 6; ++failure) {
    world.ends_early = failure == 4;
    world.collection.refusal = kCut;
    world.steps(1);
  }
  CHECK(world.waits == std::vector<std::chrono::milliseconds>{100ms, 200ms, 400ms, 800ms, 1600ms, 500ms, 100ms});
}

TEST_CASE("Whose own request is the first that is answered, with a refusal, asks again soon as well") {
  World world;
  world.steps(1);
  world.cuts(8);
  REQUIRE(world.waits.back() > 10s);
  world.waits.clear();
  world.collection.refusal = error(GENERATE(ErrorClass::Throttled, ErrorClass::Forbidden));
  world.collection.passes = [&] { world.ended_outages = 1; };
  world.steps(1);
  CHECK(world.waits == std::vector<std::chrono::milliseconds>{100ms});
}

TEST_CASE("A version that is too old, found by the request that ended an outage or after it, is no long wait") {
  World world;
  world.steps(1);
  world.cuts(8);
  world.waits.clear();
  world.ended_outages = 1;
  world.collection.refusal = kTooOld;
  world.steps(1);
  CHECK(world.waits == std::vector<std::chrono::milliseconds>{100ms});
}

TEST_CASE("The end of an outage shortens no wait below what the server asked for") {
  World world;
  world.steps(1);
  Error throttled = error(ErrorClass::Throttled);
  throttled.retry_after = 20s;
  world.collection.refusal = throttled;
  world.ends_early = true;
  world.steps(1);
  CHECK(world.waits == std::vector<std::chrono::milliseconds>{20s, 5s, 500ms});
}

TEST_CASE("A watch that is cut is no failure, one that can't begin is, until one begins") {
  World world;
  world.steps(1);
  for (int cuts = 0; cuts < 3; ++cuts) {
    world.collection.fail_once({.after = 0, .error = kCut});
    world.steps(1);
    CHECK_FALSE(world.reflector.is_failing());
  }
  world.collection.refusal = kCut;
  world.steps(1);
  CHECK(world.reflector.is_failing());
  world.steps(1);
  CHECK_FALSE(world.reflector.is_failing());
}

TEST_CASE("Watches that come to nothing again and again are slowed down, and in the end it lists") {
  World world;
  world.collection.bookmarks = false;
  world.steps(11);
  CHECK(world.collection.lists.size() == 1);
  CHECK(world.waits.back() > world.waits.front());
  world.steps(2);
  CHECK(world.collection.lists.size() == 2);
}

TEST_CASE("Watches that are cut after a while without news go on from the version, each at once") {
  World world;
  world.collection.bookmarks = false;
  world.collection.passes = [&world] { world.elapsed += 20s; };
  world.steps(21);
  CHECK(world.collection.lists.size() == 1);
  CHECK(world.collection.watches.size() == 20);
  CHECK(world.waits.empty());
}

TEST_CASE(
    "A store that was put back to a backup is listed again: what is gone, what is new and what went back is told") {
  World world;
  for (const char* name : {"old", "edited", "untouched"}) world.collection.set(name);
  const auto backup = world.collection.back_up();
  world.steps(1);
  world.collection.set("gone");
  world.collection.set("edited");
  world.steps(1);
  world.news();
  world.collection.restore(backup);
  // The same generation as the one that is lost, and perhaps another wish.
  world.collection.set("edited");
  world.steps(2);
  CHECK(world.news() == Words{"editedE", "goneD"});
  CHECK(world.collection.watches.size() == 1);
  world.collection.set("new");
  world.steps(2);
  CHECK(world.news() == Words{"newA"});
  CHECK(world.collection.lists.size() == 4);
}

TEST_CASE("A list that finds the store put back is made again at once, and takes what went back") {
  const std::int64_t ahead = GENERATE(0, 1000);
  World world;
  for (const char* name : {"edited", "untouched"}) world.collection.set(name);
  world.steps(2);
  const auto backup = world.collection.back_up();
  world.collection.set("edited");
  world.steps(1);
  world.news();
  world.collection.passes = [&] { world.collection.restore(backup, ahead); };
  world.collection.refusal = kTooOld;
  world.steps(1);
  world.collection.passes = nullptr;
  world.waits.clear();
  world.steps(2);
  CHECK(world.news() == Words{"editedE"});
  CHECK(world.waits.empty());
  world.collection.set("edited");
  world.steps(2);
  CHECK(world.news() == Words{"editedE"});
}

TEST_CASE("Where the server is is asked before each watch but the first after a list") {
  World world;
  world.steps(2);
  CHECK(world.collection.questions == 0);
  world.steps(3);
  CHECK(world.collection.questions == 3);
  CHECK(world.collection.lists.size() == 1);
}

TEST_CASE("A server that can't say where it is is asked again later, and nothing is watched before") {
  World world;
  world.steps(2);
  for (int failure = 0; failure < 3; ++failure) {
    world.collection.silence = kCut;
    world.steps(1);
    CHECK(world.reflector.is_failing());
  }
  CHECK(world.collection.watches.size() == 1);
  CHECK(world.waits == std::vector<std::chrono::milliseconds>{100ms, 200ms, 400ms});
  world.steps(1);
  CHECK(world.collection.watches.size() == 2);
  CHECK_FALSE(world.reflector.is_failing());
  CHECK(world.collection.lists.size() == 1);
}

TEST_CASE("A watch that waits in vain is begun anew where it was, within a second, as often as somebody asks") {
  World world;
  world.steps(2);
  CHECK_FALSE(world.reflector.is_behind());
  world.collection.set("a");
  for (int time = 0; time < 3; ++time) {
    world.collection.hangs = [&] { world.reflector.begin_anew(); };
    world.steps(1);
    CHECK(world.reflector.is_behind());
    CHECK(world.news().empty());
  }
  world.steps(1);
  CHECK(world.news() == Words{"aA"});
  CHECK_FALSE(world.reflector.is_behind());
  CHECK_FALSE(world.reflector.is_failing());
  CHECK(world.collection.lists.size() == 1);
  CHECK(world.waits == std::vector<std::chrono::milliseconds>(3, 500ms));
}

TEST_CASE("A list that waits in vain is begun anew, and whoever is watched after it is not behind") {
  World world;
  world.collection.set("a");
  world.collection.hangs = [&] { world.reflector.begin_anew(); };
  world.steps(1);
  CHECK(world.reflector.is_behind());
  CHECK_FALSE(world.reflector.has_synced());
  CHECK_FALSE(world.reflector.is_failing());
  world.steps(1);
  CHECK_FALSE(world.reflector.is_behind());
  CHECK(world.news() == Words{"aA"});
}

TEST_CASE("What was asked for before is no sign of what is now, and what fails is none either") {
  World world;
  world.steps(1);
  world.collection.passes = [&] { world.reflector.begin_anew(); };
  world.steps(1);
  CHECK(world.collection.watches.size() == 1);
  CHECK(world.reflector.is_behind());
  world.collection.passes = nullptr;
  world.cuts(2);
  CHECK(world.reflector.is_behind());
  world.steps(1);
  CHECK_FALSE(world.reflector.is_behind());
}

TEST_CASE("An object that can't be kept is told of and passed over") {
  World world;
  world.steps(1);
  world.collection.set("");
  world.collection.set("a");
  world.steps(1);
  CHECK(world.unreadable == Words{"no name"});
  CHECK(world.news() == Words{"aA"});
}

TEST_CASE("Nothing runs on once it is told to stop") {
  World world;
  std::stop_source stop;
  stop.request_stop();
  world.reflector.run(stop.get_token());
  CHECK(world.collection.lists.empty());
}

TEST_CASE("Whatever is cut, expired or broken off, in the end it knows all, and told each change once") {
  std::mt19937 random(GENERATE(range(1, 40)));
  const auto below = [&random](unsigned n) { return static_cast<int>(random() % n); };
  World world;
  std::map<std::string, std::int64_t> known;
  const auto learn = [&] {
    for (const std::string& word : world.news()) {
      const std::string name = word.substr(0, word.size() - 1);
      // Told as new when it was known, or as gone or edited when it was not: a change told twice, or one missed.
      CHECK(known.contains(name) == !word.ends_with('A'));
      known[name] = 0;
      if (word.ends_with('D')) known.erase(name);
    }
    for (auto& [name, generation] : known)
      if (const auto entry = world.cache.find({"", name})) generation = entry->object.metadata.generation;
  };
  for (int round = 0; round < 200; ++round) {
    for (int i = below(4); i > 0; --i) {
      const std::string name(1, static_cast<char>('a' + below(8)));
      if (world.collection.generations().contains(name) && below(4) == 0)
        world.collection.remove(name);
      else
        world.collection.set(name);
    }
    if (below(10) == 0) world.collection.compact();
    if (below(3) == 0)
      world.collection.fail_once({.after = below(5), .error = below(4) == 0 ? error(ErrorClass::Integrity) : kCut});
    world.steps(1);
    learn();
  }
  world.collection.fail_once({.after = 0, .error = kCut});
  world.steps(6);
  learn();
  CHECK(known == world.collection.generations());
  CHECK(world.cache.size() == known.size());
}

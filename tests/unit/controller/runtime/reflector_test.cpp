#include "controller/runtime/reflector.h"

#include <deque>
#include <random>

#include "reconcilers/json.h"
#include "tests/catch.h"

using namespace slipway;
using namespace slipway::runtime;
using namespace std::chrono_literals;

namespace {

struct Thing {
  ObjectMeta metadata;
};

Result<Reflected<Thing>> decode(const Node& object) {
  const Node& metadata = json::at(object, "metadata");
  Reflected<Thing> thing{.object = {}, .problems = {}, .edited_by = {}};
  thing.object.metadata.name = json::text_at(metadata, "name");
  thing.object.metadata.uid = "uid of " + json::text_at(metadata, "name");
  thing.object.metadata.resource_version = json::text_at(metadata, "resourceVersion");
  thing.object.metadata.generation = json::integer_at(metadata, "generation").value_or(1);
  if (thing.object.metadata.name.empty()) return fail(ErrorClass::Integrity, "no name", "name it");
  return thing;
}

Error error(ErrorClass cls, const char* reason = "") {
  return {.cls = cls, .message = "it fails", .remedy = "mend it", .reason = reason, .retry_after = {}};
}
const Error kCut = error(ErrorClass::Unavailable);
const Error kTooOld = error(ErrorClass::Unavailable, kExpired);

/// An API server's collection: objects in versions, a history that watches are served from, and faults that come once.
class FakeCollection final : public CollectionReader {
 public:
  struct Fault {
    int after = 0;  ///< Objects or events that still go out.
    Error error;
  };

  void set(const std::string& name) {
    const std::int64_t generation = objects_.contains(name) ? objects_[name].second + 1 : 1;
    objects_[name] = {++version_, generation};
    history_.push_back(
        {version_, generation == 1 ? WatchEventType::Added : WatchEventType::Modified, name, generation});
  }
  void remove(const std::string& name) {
    const std::int64_t generation = objects_[name].second;
    objects_.erase(name);
    history_.push_back({++version_, WatchEventType::Deleted, name, generation});
  }
  /// Forgets the history: who watches from before is told Expired.
  void compact() {
    history_.clear();
    compacted_ = version_;
  }

  Result<PageEnd> list(const PageRequest& request, const ObjectTaker& take, const std::stop_token&) override {
    lists.push_back(request);
    int left = fault_ ? fault_->after : 1'000'000;
    const std::size_t page = request.whole ? objects_.size() : page_size;
    std::size_t count = 0;
    for (const auto& [name, state] : objects_) {
      if (!request.continue_token.empty() && name <= request.continue_token) continue;
      if (left-- == 0) return broken();
      if (auto taken = take(node(name, state.first, state.second)); !taken) return std::unexpected(taken.error());
      if (++count == page && name != objects_.rbegin()->first) {
        if (fault_ && left == 0) return broken();
        return PageEnd{.resource_version = std::to_string(version_), .continue_token = name};
      }
    }
    if (fault_) return broken();
    return PageEnd{.resource_version = std::to_string(version_), .continue_token = {}};
  }

  Result<void> watch(const WatchRequest& request, const WatchEventTaker& take, const std::stop_token&) override {
    watches.push_back(request);
    if (passes) passes();
    if (refusal) return std::unexpected(*std::exchange(refusal, {}));
    const std::int64_t from = std::stoll(request.resource_version);
    if (from < compacted_) return std::unexpected(kTooOld);
    if (request.began) request.began();
    int left = fault_ ? fault_->after : 1'000'000;
    for (const Event& event : history_) {
      if (event.version <= from) continue;
      if (left-- == 0) break;
      if (auto taken = take(event.type, node(event.name, event.version, event.generation)); !taken) return taken;
    }
    if (fault_) return std::unexpected(std::exchange(fault_, {})->error);
    if (bookmarks) return take(WatchEventType::Bookmark, node("", version_, 0));
    return {};
  }

  void fail_once(Fault fault) { fault_ = std::move(fault); }
  std::map<std::string, std::int64_t> generations() const {
    std::map<std::string, std::int64_t> all;
    for (const auto& [name, state] : objects_) all[name] = state.second;
    return all;
  }

  std::size_t page_size = 2;
  bool bookmarks = true;
  std::optional<Error> refusal;
  std::function<void()> passes;  ///< While a watch lasts.
  std::vector<PageRequest> lists;
  std::vector<WatchRequest> watches;

 private:
  struct Event {
    std::int64_t version;
    WatchEventType type;
    std::string name;
    std::int64_t generation;
  };
  std::unexpected<Error> broken() { return std::unexpected(std::exchange(fault_, {})->error); }
  static Node node(const std::string& name, std::int64_t version, std::int64_t generation) {
    return json::MapBuilder()
        .add("metadata", json::MapBuilder()
                             .add_text("name", name)
                             .add("uid", json::text("uid of " + name))
                             .add("resourceVersion", json::text(std::to_string(version)))
                             .add("generation", json::integer(generation))
                             .build())
        .build();
  }

  std::int64_t version_ = 100;
  std::int64_t compacted_ = 0;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> objects_;
  std::vector<Event> history_;
  std::optional<Fault> fault_;
};

struct World {
  FakeCollection collection;
  ObjectCache<Thing> cache{decode};
  std::vector<std::string> told;
  std::vector<std::chrono::milliseconds> waits;
  std::vector<std::string> unreadable;
  int recoveries = 0;
  std::uint64_t ended_outages = 0;
  bool ends_early = false;  ///< An outage ends in the next wait that may end so.
  std::chrono::nanoseconds elapsed{0};
  Reflector reflector{
      {.collection = collection,
       .objects = cache,
       .changed = [this](const Change& c) { told.push_back(c.object.name + "AESD"[static_cast<int>(c.kind)]); },
       .watcher = {.recovered = [this] { ++recoveries; },
                   .unreadable = [this](const Error& e) { unreadable.push_back(e.message); }}},
      {.wait =
           [this](std::chrono::milliseconds time, const std::stop_token&) {
             waits.push_back(time);
             return true;
           },
       .chance = [] { return 0.5; },
       .elapsed = [this] { return elapsed; },
       .outages = {{.ended = [this] { return ended_outages; },
                    .wait =
                        [this](std::chrono::milliseconds time, std::uint64_t seen, const std::stop_token&) {
                          if (std::exchange(ends_early, false)) ++ended_outages;
                          waits.push_back(time);
                          return seen == ended_outages;
                        }}}},
      {.backoff = {.first = 100ms, .longest = 30s, .jitter = 0.5}}};

  void steps(int count) {
    for (int i = 0; i < count; ++i) reflector.step({});
  }
  /// So many requests in a row get no answer.
  void cuts(int count) {
    for (int i = 0; i < count; ++i) {
      collection.refusal = kCut;
      steps(1);
    }
  }
  std::vector<std::string> news() { return std::exchange(told, {}); }
};

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

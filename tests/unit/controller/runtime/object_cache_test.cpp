#include "controller/runtime/object_cache.h"

#include "reconcilers/json.h"
#include "tests/catch.h"

using namespace slipway;
using namespace slipway::runtime;

namespace {

struct Thing {
  ObjectMeta metadata;
};

Result<Reflected<Thing>> decode(const Node& object) {
  const Node& metadata = json::at(object, "metadata");
  Reflected<Thing> thing{.object = {}, .problems = {}, .edited_by = {}};
  thing.object.metadata.name = json::text_at(metadata, "name");
  thing.object.metadata.uid = json::text_at(metadata, "uid");
  thing.object.metadata.resource_version = json::text_at(metadata, "resourceVersion");
  thing.object.metadata.generation = json::integer_at(metadata, "generation").value_or(0);
  if (thing.object.metadata.name.empty()) return fail(ErrorClass::Integrity, "no name", "name it");
  return thing;
}

struct Seen {
  std::string name, uid, version;
  std::int64_t generation = 1;
};

Node node_of(const Seen& seen) {
  return json::MapBuilder()
      .add("metadata", json::MapBuilder()
                           .add("name", json::text(seen.name))
                           .add("uid", json::text(seen.uid))
                           .add("resourceVersion", json::text(seen.version))
                           .add("generation", json::integer(seen.generation))
                           .build())
      .build();
}

using Changes = std::vector<Change>;
Change change(const std::string& name, ChangeKind kind) {
  return {{"", name}, kind};
}

}  // namespace

TEST_CASE("Versions are compared as numbers, and what is none counts as news") {
  CHECK(is_later("10", "9"));
  CHECK_FALSE(is_later("9", "10"));
  CHECK_FALSE(is_later("10", "10"));
  CHECK_FALSE(is_later("010", "10"));
  CHECK(is_later("18446744073709551617", "18446744073709551616"));
  CHECK(is_later("x", "9"));
  CHECK_FALSE(is_later("x", "x"));
  CHECK(went_back("10", "9"));
  CHECK_FALSE(went_back("9", "10"));
  CHECK_FALSE(went_back("10", "10"));
  CHECK_FALSE(went_back("x", "9"));
}

TEST_CASE("What an event changed is told once, an edit apart from a status") {
  ObjectCache<Thing> cache(decode);
  CHECK(cache.put(node_of({"a", "u", "5"})) == Changes{change("a", ChangeKind::Added)});
  CHECK(cache.put(node_of({"a", "u", "5"})) == Changes{});
  CHECK(cache.put(node_of({"a", "u", "6"})) == Changes{change("a", ChangeKind::StatusOnly)});
  CHECK(cache.put(node_of({"a", "u", "7", 2})) == Changes{change("a", ChangeKind::Edited)});
  CHECK(cache.put(node_of({"a", "u", "6"})) == Changes{});
  CHECK(cache.find({"", "a"})->object.metadata.generation == 2);
  CHECK(cache.put(node_of({"a", "v", "9"})) ==
        Changes{change("a", ChangeKind::Deleted), change("a", ChangeKind::Added)});
  CHECK(cache.remove(node_of({"a", "u", "10"})) == Changes{});
  CHECK(cache.remove(node_of({"a", "v", "10"})) == Changes{change("a", ChangeKind::Deleted)});
  CHECK(cache.find({"", "a"}) == nullptr);
  CHECK_FALSE(cache.put(node_of({"", "u", "1"})));
  CHECK_FALSE(cache.remove(node_of({"", "u", "1"})));
}

TEST_CASE("What counts no generations is edited by every new version") {
  ObjectCache<Thing> cache(decode);
  CHECK(cache.put(node_of({"a", "u", "5", 0})));
  CHECK(cache.put(node_of({"a", "u", "6", 0})) == Changes{change("a", ChangeKind::Edited)});
}

TEST_CASE("After a list what it did not have is gone, and the rest is told only where it changed") {
  ObjectCache<Thing> cache(decode);
  for (const char* name : {"a", "b", "c"}) REQUIRE(cache.put(node_of({name, "u", "5"})));
  cache.begin_list(EarlierVersions::Passed);
  CHECK(cache.put(node_of({"a", "u", "5"})) == Changes{});
  CHECK(cache.put(node_of({"b", "u", "8", 2})) == Changes{change("b", ChangeKind::Edited)});
  SECTION("when it is whole") {
    CHECK(cache.end_list() == Changes{change("c", ChangeKind::Deleted)});
    CHECK(cache.size() == 2);
  }
  SECTION("not when it was broken off and made again") {
    cache.begin_list(EarlierVersions::Passed);
    for (const char* name : {"a", "c"}) CHECK(cache.put(node_of({name, "u", "5"})) == Changes{});
    CHECK(cache.put(node_of({"b", "u", "8", 2})) == Changes{});
    CHECK(cache.end_list() == Changes{});
  }
}

TEST_CASE("A list that was under way while we wrote takes nothing of that back") {
  ObjectCache<Thing> cache(decode);
  REQUIRE(cache.put(node_of({"a", "u", "5"})));
  cache.begin_list(EarlierVersions::Passed);
  cache.wrote(*decode(node_of({"a", "u", "7"})));
  CHECK(cache.put(node_of({"a", "u", "5"})) == Changes{});
  CHECK(cache.end_list() == Changes{});
  REQUIRE(cache.find({"", "a"}) != nullptr);
  CHECK(cache.find({"", "a"})->object.metadata.resource_version == "7");
}

TEST_CASE("A list counts as it is where versions went back (etcd came from a backup)") {
  ObjectCache<Thing> cache(decode);
  CHECK(cache.put(node_of({"a", "u", "500", 3})));
  cache.begin_list(EarlierVersions::Taken);
  CHECK(cache.put(node_of({"a", "u", "20", 2})) == Changes{change("a", ChangeKind::Edited)});
  CHECK(cache.end_list().empty());
  CHECK(cache.find({"", "a"})->object.metadata.resource_version == "20");
}

TEST_CASE("What we wrote is read next, and its event is no news") {
  ObjectCache<Thing> cache(decode);
  CHECK(cache.put(node_of({"a", "u", "5"})));
  const auto before = cache.find({"", "a"});
  cache.wrote(*decode(node_of({"a", "u", "7"})));
  CHECK(cache.find({"", "a"})->object.metadata.resource_version == "7");
  CHECK(before->object.metadata.resource_version == "5");
  CHECK(cache.put(node_of({"a", "u", "6"})) == Changes{});
  CHECK(cache.put(node_of({"a", "u", "7"})) == Changes{});
  cache.wrote(*decode(node_of({"a", "u", "6"})));
  cache.wrote(*decode(node_of({"a", "other", "9"})));
  cache.wrote(*decode(node_of({"b", "u", "9"})));
  CHECK(cache.find({"", "a"})->object.metadata.resource_version == "7");
  CHECK(cache.size() == 1);
}

TEST_CASE("What is known is not decoded again") {
  static int decoded = 0;
  decoded = 0;
  ObjectCache<Thing> cache([](const Node& object) {
    ++decoded;
    return decode(object);
  });
  CHECK(cache.put(node_of({"a", "u", "5"})));
  cache.wrote(*decode(node_of({"a", "u", "7"})));
  CHECK(cache.put(node_of({"a", "u", "7"})) == Changes{});
  CHECK(cache.put(node_of({"a", "u", "6"})) == Changes{});
  CHECK(decoded == 1);
  CHECK(cache.put(node_of({"a", "other", "6"})));
  CHECK(cache.put(node_of({"a", "other", "8"})));
  cache.begin_list(EarlierVersions::Passed);
  CHECK(cache.put(node_of({"a", "other", "8"})) == Changes{});
  CHECK(cache.end_list().empty());
  CHECK(decoded == 3);
}

TEST_CASE("Of which version an object is tells whether it is known, as the whole object does") {
  ObjectCache<Thing> cache(decode);
  const auto knows = [&cache](std::string_view name, std::string_view uid, std::string_view version) {
    return cache.knows({.namespace_name = {}, .name = name, .uid = uid, .resource_version = version});
  };
  CHECK_FALSE(knows("a", "u", "5"));
  for (const char* name : {"a", "b"}) CHECK(cache.put(node_of({name, "u", "5"})));
  cache.wrote(*decode(node_of({"a", "u", "7"})));
  CHECK(knows("a", "u", "7"));
  CHECK(knows("a", "u", "6"));
  CHECK_FALSE(knows("a", "u", "8"));
  CHECK_FALSE(knows("a", "other", "7"));
  CHECK_FALSE(cache.knows({.namespace_name = "n", .name = "a", .uid = "u", .resource_version = "7"}));
  // What is known is seen: the list that runs has it.
  cache.begin_list(EarlierVersions::Passed);
  CHECK(knows("a", "u", "7"));
  CHECK(cache.end_list() == Changes{change("b", ChangeKind::Deleted)});
  cache.begin_list(EarlierVersions::Taken);
  CHECK_FALSE(knows("a", "u", "7"));
}

TEST_CASE("An edit that came along with the answer to a write of ours is still told by its event") {
  ObjectCache<Thing> cache(decode);
  CHECK(cache.put(node_of({"a", "u", "5"})));
  cache.wrote(*decode(node_of({"a", "u", "7", 2})));
  CHECK(cache.find({"", "a"})->object.metadata.resource_version == "5");
  CHECK(cache.put(node_of({"a", "u", "6", 2})) == Changes{change("a", ChangeKind::Edited)});
  CHECK(cache.put(node_of({"a", "u", "7", 2})) == Changes{change("a", ChangeKind::StatusOnly)});
}

TEST_CASE("What a write changed that was fenced on the version kept is ours, and no news") {
  ObjectCache<Thing> cache(decode);
  CHECK(cache.put(node_of({"a", "u", "5"})));
  cache.wrote(*decode(node_of({"a", "u", "7", 2})), "5");
  CHECK(cache.put(node_of({"a", "u", "7", 2})) == Changes{});
  cache.wrote(*decode(node_of({"a", "u", "9", 3})), "8");
  CHECK(cache.put(node_of({"a", "u", "9", 3})) == Changes{change("a", ChangeKind::Edited)});
}

TEST_CASE("Followers see every move, before and after") {
  ObjectCache<Thing> cache(decode);
  std::vector<std::string> moves;
  const auto version = [](const Reflected<Thing>* each) {
    return each == nullptr ? std::string("-") : each->object.metadata.resource_version;
  };
  cache.add_follower([&](const Reflected<Thing>* before, const Reflected<Thing>* now) {
    moves.push_back(version(before) + ">" + version(now));
  });
  REQUIRE(cache.put(node_of({"a", "u", "5"})));
  REQUIRE(cache.put(node_of({"a", "u", "5"})));
  REQUIRE(cache.put(node_of({"a", "u", "8"})));
  REQUIRE(cache.put(node_of({"a", "v", "9"})));
  REQUIRE(cache.remove(node_of({"a", "v", "10"})));
  REQUIRE(cache.put(node_of({"a", "w", "11"})));
  cache.begin_list(EarlierVersions::Passed);
  cache.end_list();
  CHECK(moves == std::vector<std::string>{"->5", "5>8", "8>-", "->9", "9>-", "->11", "11>-"});
}

TEST_CASE("Entries can be chosen") {
  ObjectCache<Thing> cache(decode);
  for (const char* name : {"a", "b"}) REQUIRE(cache.put(node_of({name, "u", "5"})));
  const auto chosen = cache.select([](const Reflected<Thing>& each) { return each.object.metadata.name == "b"; });
  REQUIRE(chosen.size() == 1);
  CHECK(chosen.front()->object.metadata.name == "b");
  CHECK(cache.all().size() == 2);
}

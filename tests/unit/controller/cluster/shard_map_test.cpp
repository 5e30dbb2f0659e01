#include "controller/cluster/shard_map.h"

#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "tests/catch.h"

using namespace slipway::cluster;

namespace {

std::vector<std::string> keys(int count) {
  std::vector<std::string> made;
  for (int i = 0; i < count; ++i)
    made.push_back("contoso.azurecr.io/team-" + std::to_string(i % 7) + "/app-" + std::to_string(i));
  return made;
}

Members replicas(int count) {
  Members made;
  for (int i = 0; i < count; ++i) made.insert("slipway-7c9d5b8f6-" + std::string(5, static_cast<char>('b' + i)));
  return made;
}

}  // namespace

TEST_CASE("A key has the same owner in every build") {
  struct Row {
    std::string key;
    std::uint64_t weight_of_a;
    std::string owner;
  };
  const Members members{"a", "b", "c"};
  const auto row = GENERATE(values<Row>({
      {"", 0x2b785f7656b49c83u, "b"},
      {"contoso", 0xdcc09e6eee147608u, "a"},
      {"contoso.azurecr.io/shop/storefront", 0x8766cc0801326604u, "b"},
      {"shop/nightly", 0x2d2d6f51f8d1993au, "b"},
  }));
  CAPTURE(row.key);
  CHECK(shard_weight(row.key, "a") == row.weight_of_a);
  CHECK(owner_of(row.key, members) == row.owner);
}

TEST_CASE("Nobody owns a key where there is nobody") {
  CHECK(owner_of("contoso", {}).empty());
}

TEST_CASE("Each of several replicas has about its share of the keys") {
  const int count = GENERATE(2, 3, 5, 10);
  const Members members = replicas(count);
  std::map<std::string, int> owned;
  for (const auto& key : keys(10'000)) ++owned[std::string(owner_of(key, members))];
  const double share = 10'000.0 / count;
  REQUIRE(owned.size() == members.size());
  for (const auto& [member, number] : owned) {
    CAPTURE(member, number);
    CHECK(number > 0.85 * share);
    CHECK(number < 1.15 * share);
  }
}

TEST_CASE("What a replica that goes leaves is all that moves, and to all of the others") {
  const Members before = replicas(5);
  Members after = before;
  const std::string gone = *std::next(before.begin(), 2);
  after.erase(gone);
  std::map<std::string, int> heirs;
  for (const auto& key : keys(5'000)) {
    const auto owner = owner_of(key, before);
    if (owner == gone)
      ++heirs[std::string(owner_of(key, after))];
    else
      CHECK(owner == owner_of(key, after));
  }
  CHECK(heirs.size() == after.size());
}

TEST_CASE("What a replica that comes takes is all that moves") {
  const Members before = replicas(3);
  const Members after = replicas(4);
  for (const auto& key : keys(5'000)) {
    const auto owner = owner_of(key, after);
    if (before.contains(owner)) CHECK(owner == owner_of(key, before));
  }
}

TEST_CASE("Keys that differ in one letter have owners of their own") {
  const Members members = replicas(2);
  std::map<std::string, int> owned;
  for (char letter = 'a'; letter <= 'z'; ++letter)
    ++owned[std::string(owner_of(std::string("r/shop/app-") + letter, members))];
  CHECK(owned.size() == 2);
  for (const auto& [member, number] : owned) CHECK(number >= 6);
}

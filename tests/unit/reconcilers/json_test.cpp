#include "reconcilers/json.h"

#include <array>

#include "crds/base/make_node.h"
#include "tests/catch.h"

using namespace slipway;

namespace {

constexpr std::array<std::string_view, 2> kKnown{"mediaType", "links"};

/// The key of an object with one that is taken for a known one; "none".
std::string lookalike_of(const std::string& key) {
  Node map = map_node();
  map.members.push_back({key, {}, json::text("x")});
  const std::string* found = json::lookalike_key(map, kKnown);
  return found == nullptr ? "none" : *found;
}

}  // namespace

TEST_CASE("a key in other letters is found as Go finds it") {
  CHECK(lookalike_of("mediaType") == "none");
  CHECK(lookalike_of("MEDIATYPE") == "MEDIATYPE");
  CHECK(lookalike_of("lin\u212A\u017F") == "lin\u212A\u017F");
  CHECK(lookalike_of("lin\u212A") == "none");
  CHECK(lookalike_of("") == "none");
}

TEST_CASE("a key of megabytes of letters that fold is looked at in no time") {
  std::string key;
  for (int i = 0; i < 4 << 20; ++i) key += "\u017F";
  CHECK(lookalike_of(key) == "none");
}

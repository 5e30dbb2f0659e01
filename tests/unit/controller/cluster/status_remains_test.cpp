#include "controller/cluster/status_remains.h"

#include "crds/base/document.h"
#include "tests/catch.h"

using namespace slipway;

namespace {

/// The patch, as text; empty when there is none.
std::string remains(const std::string& there, const std::string& wanted) {
  const auto patch = cluster::remains(parse_json(there, {}).root, parse_json(wanted, {}).root);
  return patch ? to_json_text(*patch) : std::string();
}

}  // namespace

TEST_CASE("what is there and not wanted is taken away, however deep, and nothing else") {
  CHECK(remains(R"({"a":1,"b":{"c":1,"d":2}})", R"({"a":2,"b":{"c":1,"d":2},"e":1})").empty());
  CHECK(remains(R"({"a":1,"b":2})", R"({"a":1})") == R"({"b":null})");
  CHECK(remains(R"({"b":{"c":1,"d":{"e":1,"f":2}}})", R"({"b":{"c":2,"d":{"e":1}}})") == R"({"b":{"d":{"f":null}}})");
  CHECK(remains(R"({"a":{},"b":[],"c":null})", "{}").empty());
}

TEST_CASE("a list is given whole where one of its types, or its number, is not wanted") {
  CHECK(remains(R"({"c":[{"type":"B"},{"type":"A"}]})", R"({"c":[{"type":"A","x":1},{"type":"B"}]})").empty());
  CHECK(remains(R"({"c":[{"type":"A"},{"type":"B"}]})", R"({"c":[{"type":"B"}]})") == R"({"c":[{"type":"B"}]})");
  CHECK(remains(R"({"c":[{"type":"A"}]})", R"({"c":[{"type":"B"}]})") == R"({"c":[{"type":"B"}]})");
  CHECK(remains(R"({"t":["1","2"]})", R"({"t":["3","4"]})").empty());
  CHECK(remains(R"({"t":["1","2"]})", R"({"t":["1"]})") == R"({"t":["1"]})");
}

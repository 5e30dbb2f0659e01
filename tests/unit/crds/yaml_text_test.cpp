#include "crds/v1alpha1/resources.h"
#include "tests/catch.h"

namespace slipway {

TEST_CASE("what is written as YAML is read back as the same value") {
  const std::string json =
      R"({"s":"plain","n":"1.10","b":"yes","y":"y","e":"","nl":"a\nb\n","c":"a: b # c","q":"\"","l":[1,[],{},{"x":null}],"t":true,"f":1.5})";
  const auto document = parse_json(json, "f");
  REQUIRE(document.problems.empty());
  const auto again = parse_documents(to_yaml_text(document.root), "f");
  REQUIRE(again.size() == 1);
  CHECK(to_json_text(again[0].root) == json);
}

TEST_CASE("YAML looks as a person would write it") {
  const auto document = parse_json(R"({"kind":"X","spec":{"tags":[{"name":"a"}],"version":"1.10"}})", "f");
  CHECK(to_yaml_text(document.root) == "kind: X\nspec:\n  tags:\n    - name: a\n  version: \"1.10\"\n");
}

}  // namespace slipway

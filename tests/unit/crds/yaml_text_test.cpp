#include <algorithm>
#include <string>
#include <vector>

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

TEST_CASE("any text that is written as YAML is read back as it was, as a value and as a key") {
  const std::vector<std::string> texts{"  x\n y",
                                       "two\nlines",
                                       "two\nlines\n",
                                       "two\nlines\n\n",
                                       "\n",
                                       "\nx\n",
                                       " \nx\n",
                                       "a\r\nb\r\n",
                                       "a\rb",
                                       "a\n\n b\n",
                                       "a\n\tb\n",
                                       "\ta\nb\n",
                                       "tab\there",
                                       "# no comment\nx\n",
                                       "---\n",
                                       "a\x01z\n",
                                       "a\x7Fz",
                                       "a\u0085z",
                                       "a\u0085z\n",
                                       "a\u2028z",
                                       "a\u2029z\n",
                                       "\uFEFFz",
                                       "ümläut\nund 🚢",
                                       "🚢\u2028",
                                       "=",
                                       "<<",
                                       "- x",
                                       "?",
                                       " x",
                                       "x ",
                                       "x: y",
                                       "x #y",
                                       "@x",
                                       "%x",
                                       "!x",
                                       "&x",
                                       "*x",
                                       "|",
                                       ">",
                                       "'",
                                       "\"",
                                       "\\n",
                                       "null",
                                       "0x1F",
                                       "1_000",
                                       std::string(2000, 'x')};
  for (const std::string& text : texts) {
    CAPTURE(text);
    Node value;
    value.kind = Node::Kind::String;
    value.text = text;
    Node list;
    list.kind = Node::Kind::List;
    list.items = {value, value};
    Node map;
    map.kind = Node::Kind::Map;
    map.members = {
        {.key = "v", .value = value}, {.key = text.substr(0, 500), .value = value}, {.key = "l", .value = list}};
    const std::string yaml = to_yaml_text(map);
    CAPTURE(yaml);
    const auto again = parse_documents(yaml, "f");
    REQUIRE(again.size() == 1);
    CHECK(again[0].problems.empty());
    CHECK(to_json_text(again[0].root) == to_json_text(map));
  }
}

TEST_CASE("what other readers of YAML refuse or take for a line's end is written as an escape") {
  for (const char* text : {"a\x7Fz", "a\u0085z", "a\u009Fz\n", "a\u2028z", "a\u2029z\n", "a\uFEFFz", "a\rz\n"}) {
    CAPTURE(text);
    Node value;
    value.kind = Node::Kind::String;
    value.text = text;
    const std::string yaml = to_yaml_text(value);
    CHECK(std::ranges::all_of(yaml, [](char c) { return c == '\n' || (c >= ' ' && c < 0x7F); }));
    CHECK(std::ranges::count(yaml, '\n') == 1);
  }
}

TEST_CASE("YAML looks as a person would write it") {
  const auto document = parse_json(R"({"kind":"X","spec":{"tags":[{"name":"a"}],"version":"1.10"}})", "f");
  CHECK(to_yaml_text(document.root) == "kind: X\nspec:\n  tags:\n    - name: a\n  version: \"1.10\"\n");
  const auto lines = parse_json(R"({"why":"refused:\n  one\nümläut\n"})", "f");
  CHECK(to_yaml_text(lines.root) == "why: |\n  refused:\n    one\n  ümläut\n");
}

}  // namespace slipway

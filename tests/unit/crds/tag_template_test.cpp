#include "crds/base/tag_template.h"

#include "tests/catch.h"

namespace slipway {

namespace {

using Kind = TagVariable::Kind;
using Part = TagTemplate::Part;

std::string problem_of(std::string_view text) {
  const auto parsed = TagTemplate::parse(text);
  return parsed ? "" : parsed.error().message;
}

}  // namespace

TEST_CASE("a template is literals and variables in order") {
  const auto parsed = TagTemplate::parse("v{{major}}.{{ commit : 7 }}-{{labels.pr}}");
  REQUIRE(parsed);
  CHECK(parsed->parts() == std::vector<Part>{std::string("v"), TagVariable{Kind::Major, {}, {}}, std::string("."),
                                             TagVariable{Kind::Commit, {}, 7}, std::string("-"),
                                             TagVariable{Kind::Label, "pr", {}}});
  CHECK(parsed->uses(Kind::Label));
  CHECK_FALSE(parsed->uses(Kind::Digest));
}

TEST_CASE("lengths have bounds of their own") {
  for (const auto* text : {"{{commit:4}}", "{{commit:128}}", "{{digest:6}}", "{{branch:1}}", "{{labels.a:1}}"}) {
    CAPTURE(text);
    CHECK(problem_of(text).empty());
  }
  for (const auto* text : {"{{commit:3}}", "{{commit:129}}", "{{digest:5}}", "{{branch:0}}", "{{labels.a:0}}",
                           "{{commit:}}", "{{commit:-7}}", "{{commit:7x}}", "{{version:3}}", "{{date:8}}"}) {
    CAPTURE(text);
    CHECK_FALSE(problem_of(text).empty());
  }
}

TEST_CASE("what no tag can be made of is refused with its place") {
  CHECK(problem_of("a{{nope}}") == "the tag template \"a{{nope}}\": at character 2: there is no variable \"nope\"");
  CHECK(problem_of("a{{commit") == "the tag template \"a{{commit\": at character 2: \"{{\" is not closed");
  for (const auto* text :
       {"", "-a", ".a", "a b", "a}}", "{{}}", "{{{commit}}}", "{{labels.}}", "{{labels.a b}}", "é"}) {
    CAPTURE(text);
    CHECK_FALSE(problem_of(text).empty());
  }
  CHECK(problem_of("{{commit}}-").empty());
  CHECK(problem_of(std::string(128, 'a')).empty());
  CHECK_FALSE(problem_of(std::string(129, 'a')).empty());
}

}  // namespace slipway

#include "crds/v1alpha1/tag_expansion.h"

#include "crds/base/image_reference.h"
#include "tests/catch.h"

using namespace slipway;

namespace {

TagSpec spec(std::string text, bool optional = false, std::string name = "t") {
  return {.name = std::move(name),
          .template_text = std::move(text),
          .mutability = Mutability::Moving,
          .optional = optional};
}

TagValues values(std::string version = "1.8.2") {
  TagValues out;
  out.build.commit = "4f2a91c0d3e5b6a7988776655443322110ffeedd";
  out.build.version = std::move(version);
  out.build.number = 812;
  out.build.branch = "feature/Größe";
  out.build.built_at = *parse_timestamp("2026-11-24T23:30:00-02:00");
  out.build.labels = {{"pr", "77"}, {"empty", ""}};
  out.environment = "staging";
  out.digest = Digest::of("image");
  return out;
}

ExpandedTag expanded(const TagSpec& one, const TagValues& from = values()) {
  const auto out = expand_tags({one}, from);
  INFO((out ? "" : out.error().message));
  REQUIRE(out.has_value());
  return out->at(0);
}

}  // namespace

TEST_CASE("templates become tags", "[tags]") {
  struct Row {
    std::string text, tag;
  };
  const std::string hex(Digest::of("image").hex());
  const Row rows[] = {
      {"{{commit}}", "4f2a91c0d3e5b6a7988776655443322110ffeedd"},
      {"{{commit:7}}", "4f2a91c"},
      {"{{commit:64}}", "4f2a91c0d3e5b6a7988776655443322110ffeedd"},
      {"{{version}}", "1.8.2"},
      {"v{{major}}.{{minor}}", "v1.8"},
      {"{{major}}.{{minor}}.{{patch}}", "1.8.2"},
      {"{{number}}", "812"},
      {"{{environment}}", "staging"},
      {"{{branch}}", "feature-Gr----e"},
      {"{{date}}-{{number}}", "20261125-812"},
      {"{{digest:12}}", hex.substr(0, 12)},
      {"{{digest}}", hex},
      {"pr-{{labels.pr}}", "pr-77"},
      {"latest", "latest"},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const ExpandedTag out = expanded(spec(row.text));
    CHECK(out.tag == row.tag);
    CHECK(out.state == ExpansionState::Expanded);
    CHECK(out.why.empty());
    CHECK(out.mutability == Mutability::Moving);
    CHECK(check_tag_name(out.tag).has_value());
  }
}

TEST_CASE("values are made safe for the tag grammar", "[tags]") {
  struct Row {
    std::string branch, tag;
  };
  const Row rows[] = {{"-x", "_x"},
                      {".x", "_x"},
                      {"/x", "_x"},
                      {"a b:c@d", "a-b-c-d"},
                      {"_x", "_x"},
                      {std::string(200, 'a'), std::string(128, 'a')},
                      {std::string("a\0b\n", 4), "a-b-"}};
  for (const auto& row : rows) {
    TagValues from = values();
    from.build.branch = row.branch;
    CHECK(expanded(spec("{{branch}}"), from).tag == row.tag);
    CHECK(check_tag_name(row.tag).has_value());
  }
  CHECK(expanded(spec("{{version}}"), values("1.8.2+build.7")).tag == "1.8.2-build.7");
}

TEST_CASE("a value that is missing", "[tags]") {
  struct Row {
    std::string text, field;
  };
  const Row rows[] = {{"{{commit}}", "spec.build.commit"},       {"{{version}}", "spec.build.version"},
                      {"x{{major}}", "spec.build.version"},      {"{{number}}", "spec.build.number"},
                      {"{{branch}}", "spec.build.branch"},       {"{{date}}", "spec.build.builtAt"},
                      {"{{labels.pr}}", "spec.build.labels.pr"}, {"{{environment}}", "spec.environment"}};
  for (const auto& row : rows) {
    INFO(row.text);
    const auto refused = expand_tags({spec(row.text)}, TagValues{});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().cls == ErrorClass::Invalid);
    CHECK_THAT(refused.error().message, Catch::Contains(row.field + " is not set"));
    CHECK_THAT(refused.error().remedy, Catch::Contains("optional: true"));
    const ExpandedTag skipped = expanded(spec(row.text, true), TagValues{});
    CHECK(skipped.state == ExpansionState::Missing);
    CHECK(skipped.tag.empty());
    CHECK_THAT(skipped.why, Catch::Contains(row.field));
  }
  CHECK_FALSE(expand_tags({spec("{{labels.empty}}")}, values()).has_value());
}

TEST_CASE("parts of a version that is not semantic", "[tags]") {
  const auto refused = expand_tags({spec("{{major}}")}, values("build-7"));
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().message, Catch::Contains("\"build-7\" is not semantic"));
  CHECK(expanded(spec("{{major}}", true), values("build-7")).state == ExpansionState::Missing);
  CHECK(expanded(spec("{{version}}"), values("build-7")).tag == "build-7");
}

TEST_CASE("which tags a prerelease holds back and which never go lower", "[tags]") {
  struct Row {
    std::string text;
    bool held_back, never_lower;
  };
  const Row rows[] = {
      {"{{major}}", true, true},
      {"{{major}}.{{minor}}", true, true},
      {"latest", true, true},
      {"{{major}}.{{minor}}.{{patch}}", true, false},
      {"{{version}}", false, false},
      {"{{major}}-{{version}}", false, false},
      {"{{environment}}", false, false},
      {"stable", false, false},
      {"{{commit:7}}", false, false},
      {"{{minor}}", true, true},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const ExpandedTag release = expanded(spec(row.text));
    CHECK(release.state == ExpansionState::Expanded);
    CHECK(release.never_lower == row.never_lower);
    const ExpandedTag prerelease = expanded(spec(row.text), values("2.0.0-rc.1"));
    CHECK((prerelease.state == ExpansionState::HeldBack) == row.held_back);
    CHECK(prerelease.why.empty() == !row.held_back);
    CHECK_FALSE(prerelease.tag.empty());
  }
  TagValues from = values("2.0.0-rc.1");
  from.build.branch = "latest";
  CHECK(expanded(spec("{{branch}}"), from).state == ExpansionState::HeldBack);
}

TEST_CASE("two templates that give one tag are invalid", "[tags]") {
  const auto refused =
      expand_tags({spec("{{version}}", false, "a"), spec("{{major}}.{{minor}}.{{patch}}", false, "b")}, values());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().cls == ErrorClass::Invalid);
  CHECK_THAT(refused.error().message, Catch::Contains("\"a\" and \"b\" both become \"1.8.2\""));
  CHECK(expand_tags({spec("{{branch}}", true, "a"), spec("{{labels.pr}}", true, "b")}, TagValues{}).has_value());
  const auto all = expand_tags({spec("{{version}}", false, "a"), spec("latest", false, "b")}, values());
  REQUIRE(all.has_value());
  CHECK(all->at(0).name == "a");
  CHECK(all->at(1).name == "b");
}

TEST_CASE("a tag that clients take for what is attached to an image is invalid", "[tags]") {
  const std::string hex = Digest::of("").str().substr(7);
  struct Row {
    std::string branch;
    bool refused;
  };
  const Row rows[] = {
      {"sha256-" + hex, true},
      {"sha256-" + hex + ".sig", true},
      {"sha256-" + hex + ".att", true},
      {"sha256-" + hex + ".sbom", true},
      {"sha256-" + hex + "-metadata", true},
      {"sha256:" + hex, true},
      {"sha512-" + hex, true},
      {"sha512-" + hex + hex.substr(0, 57), true},
      {"sha256-" + hex.substr(1), false},
      {"sha384-" + hex, false},
      {"v-sha256-" + hex, false},
      {"sha256-" + hex.substr(1) + "g", false},
      {"sha256_" + hex, false},
  };
  for (const auto& row : rows) {
    INFO(row.branch);
    TagValues from = values();
    from.build.branch = row.branch;
    const auto out = expand_tags({spec("{{branch}}", true, "feature")}, from);
    CHECK(out.has_value() == !row.refused);
    if (out) continue;
    CHECK(out.error().cls == ErrorClass::Invalid);
    CHECK_THAT(out.error().message, Catch::StartsWith("tag \"feature\": it becomes \"sha"));
    CHECK_THAT(out.error().remedy, Catch::Contains("before it"));
  }
}

TEST_CASE("a template that does not parse names its tag", "[tags]") {
  const auto refused = expand_tags({spec("{{nope}}", false, "bad")}, values());
  REQUIRE_FALSE(refused.has_value());
  CHECK_THAT(refused.error().message, Catch::StartsWith("tag \"bad\""));
}

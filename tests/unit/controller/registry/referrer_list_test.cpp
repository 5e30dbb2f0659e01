#include "controller/registry/referrer_list.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::registry;

namespace {

using Annotations = std::map<std::string, std::string>;

content::ManifestBytes manifest_of(const std::string& kind, const std::string& rest) {
  content::ManifestBytes out;
  out.bytes = R"({"schemaVersion":2,"mediaType":")" + kind + "\"," + rest + "}";
  out.descriptor.media_type = kind;
  out.descriptor.digest = Digest::of(out.bytes);
  out.descriptor.size = static_cast<std::int64_t>(out.bytes.size());
  return out;
}

content::ManifestBytes artifact(const std::string& more, const std::string& config_type = "application/x") {
  return manifest_of(std::string(content::kOciManifest), R"("config":{"mediaType":")" + config_type +
                                                             R"(","digest":")" + Digest::of("{}").str() +
                                                             R"(","size":2},"layers":[])" + more);
}

content::Descriptor with_annotations(const std::string& name, std::size_t count, std::size_t bytes) {
  content::Descriptor out{.media_type = "x", .digest = Digest::of(name), .size = 1};
  for (std::size_t i = 0; i < count; ++i) out.annotations[std::to_string(i)] = std::string(bytes, 'x');
  return out;
}

}  // namespace

TEST_CASE("A referrer is listed with the type and the annotations of its manifest") {
  SECTION("of an artifact") {
    const auto listed = listed_as(artifact(R"(,"artifactType":"a/b","annotations":{"n":"one"})"));
    CHECK(listed.artifact_type == "a/b");
    CHECK(listed.annotations == Annotations{{"n", "one"}});
  }
  SECTION("of what names no type that of its config") {
    CHECK(listed_as(artifact("")).artifact_type == "application/x");
    CHECK(listed_as(artifact(R"(,"artifactType":"")")).artifact_type == "application/x");
  }
  SECTION("of an index") {
    const auto listed = listed_as(
        manifest_of(std::string(content::kOciIndex), R"("artifactType":"a/b","manifests":[],"annotations":{"n":"1"})"));
    CHECK(listed.artifact_type == "a/b");
    CHECK(listed.annotations == Annotations{{"n", "1"}});
  }
  SECTION("no more of a type than one may have") {
    CHECK(listed_as(artifact(R"(,"artifactType":"a/)" + std::string(300, 'b') + "\"")).artifact_type.size() == 255);
  }
  SECTION("but as its descriptor says it, where that does") {
    auto record = artifact(R"(,"artifactType":"a/b","annotations":{"all":"of it"})");
    record.descriptor.artifact_type = "c/d";
    record.descriptor.annotations = {{"some", "of it"}};
    CHECK(listed_as(record) == record.descriptor);
  }
  SECTION("and as it was given where nobody can read it") {
    const content::ManifestBytes broken{.descriptor = {.media_type = "x", .digest = Digest::of("y"), .size = 1},
                                        .bytes = "y"};
    CHECK(listed_as(broken) == broken.descriptor);
  }
}

TEST_CASE("A list of referrers takes annotations up to half of what it may hold") {
  std::vector<content::Descriptor> all;
  SECTION("in their number") {
    for (const std::string name : {"a", "b", "c"}) add_referrer(all, with_annotations(name, 10'000, 0));
  }
  SECTION("in their bytes") {
    for (const std::string name : {"a", "b", "c"}) add_referrer(all, with_annotations(name, 1, 1'000'000));
  }
  REQUIRE(all.size() == 3);
  CHECK_FALSE(all[0].annotations.empty());
  CHECK_FALSE(all[1].annotations.empty());
  CHECK(all[2] == with_annotations("c", 0, 0));
  CHECK(parse_referrers(referrer_index(all).bytes).has_value());
}

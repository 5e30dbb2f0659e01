#include "reconcilers/content/platform_subset.h"

#include <algorithm>

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::content;

namespace {

const std::string kAmd = Digest::of("amd").str();
const std::string kArm = Digest::of("arm").str();
const std::string kAmdSbom = Digest::of("amd sbom").str();
const std::string kArmSbom = Digest::of("arm sbom").str();
const std::string kLoose = Digest::of("loose").str();
const std::string kBare = Digest::of("bare").str();

std::string child(const std::string& digest, const std::string& more) {
  return R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" + digest + R"(","size":7)" + more +
         "}";
}
std::string runnable(const std::string& digest, const std::string& architecture) {
  return child(digest, R"(,"platform":{"architecture":")" + architecture + R"(","os":"linux"})");
}
std::string attestation(const std::string& digest, const std::string& about) {
  return child(digest, R"(,"annotations":{"vnd.docker.reference.digest":")" + about +
                           R"(","vnd.docker.reference.type":"attestation-manifest"})" +
                           R"(,"platform":{"architecture":"unknown","os":"unknown"})");
}

ManifestBytes manifest(std::string bytes, std::string_view type) {
  ManifestBytes out{.descriptor = {}, .bytes = std::move(bytes)};
  out.descriptor.media_type = type;
  out.descriptor.digest = Digest::of(out.bytes);
  out.descriptor.size = static_cast<std::int64_t>(out.bytes.size());
  return out;
}

ManifestBytes index_of(const std::string& children) {
  return manifest("{\n  \"schemaVersion\": 2,\n  \"mediaType\": \"" + std::string(kOciIndex) +
                      "\",\n  \"manifests\": [" + children + "],\n  \"annotations\": {\"z\": \"1\", \"a\": \"2\"}\n}",
                  kOciIndex);
}

const ManifestBytes kSource = index_of(runnable(kAmd, "amd64") + "," + runnable(kArm, "arm64") + "," +
                                       attestation(kAmdSbom, kAmd) + "," + attestation(kArmSbom, kArm));
const ManifestBytes kSingle =
    manifest(R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
                 kAmd + R"(","size":2},"layers":[]})",
             kOciManifest);

std::vector<std::string> digests(const std::vector<Descriptor>& all) {
  std::vector<std::string> out;
  for (const auto& one : all) out.push_back(one.digest.str());
  return out;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("which children a choice of platforms keeps", "[platform_subset]") {
  struct Row {
    std::string name;
    ManifestBytes source;
    Strings wanted, kept;
  };
  const ManifestBytes mixed = index_of(attestation(kAmdSbom, kAmd) + "," + runnable(kAmd, "amd64") + "," +
                                       attestation(kLoose, "sha256:nothing") + "," + child(kBare, ""));
  const Row rows[] = {
      {"none chosen: all", kSource, {}, {kAmd, kArm, kAmdSbom, kArmSbom}},
      {"one, and the attestation about it", kSource, {"linux/amd64"}, {kAmd, kAmdSbom}},
      {"the other", kSource, {"linux/arm64/v8"}, {kArm, kArmSbom}},
      {"both", kSource, {"linux/amd64", "linux/arm64"}, {kAmd, kArm, kAmdSbom, kArmSbom}},
      {"an attestation before its image goes along", mixed, {"linux/amd64"}, {kAmdSbom, kAmd}},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto subset = take_platforms(row.source, row.wanted, std::nullopt);
    REQUIRE(subset.has_value());
    const auto again = parse_manifest(subset->root);
    REQUIRE(again.has_value());
    CHECK(digests(std::get<ImageIndex>(*again).manifests) == row.kept);
    CHECK(row.kept.size() + subset->left_out.size() ==
          std::get<ImageIndex>(*parse_manifest(row.source)).manifests.size());
    CHECK(Digest::of(subset->root.bytes) == subset->root.descriptor.digest);
  }
}

TEST_CASE("everything kept is the source itself", "[platform_subset]") {
  for (const Strings& wanted : {Strings{}, Strings{"linux/arm64", "linux/amd64"}}) {
    const auto subset = take_platforms(kSource, wanted, std::nullopt);
    REQUIRE(subset.has_value());
    CHECK(subset->root.bytes == kSource.bytes);
    CHECK(subset->root.descriptor == kSource.descriptor);
    CHECK(subset->left_out.empty());
  }
}

TEST_CASE("a subset has the same bytes for ever", "[platform_subset]") {
  const auto subset = take_platforms(kSource, Strings{"linux/amd64"}, std::nullopt);
  REQUIRE(subset.has_value());
  CHECK(subset->root.bytes ==
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" +
            runnable(kAmd, "amd64") + "," + attestation(kAmdSbom, kAmd) + R"(],"annotations":{"z":"1","a":"2"}})");
  CHECK(subset->root.descriptor.media_type == kOciIndex);
  CHECK(std::cmp_equal(subset->root.descriptor.size, subset->root.bytes.size()));
}

TEST_CASE("a platform that is missing is NotFound and names those that exist", "[platform_subset]") {
  const auto subset = take_platforms(kSource, Strings{"linux/amd64", "linux/s390x"}, std::nullopt);
  REQUIRE_FALSE(subset.has_value());
  CHECK(subset.error().cls == ErrorClass::NotFound);
  CHECK_THAT(subset.error().message, Catch::Contains("linux/s390x") && Catch::Contains("linux/amd64, linux/arm64"));
  CHECK_THAT(subset.error().message, !Catch::Contains("unknown"));
}

TEST_CASE("attestations cannot be asked for as a platform", "[platform_subset]") {
  CHECK(take_platforms(kSource, Strings{"unknown/unknown"}, std::nullopt).error().cls == ErrorClass::NotFound);
}

TEST_CASE("a single image is published as it is or not at all", "[platform_subset]") {
  const Platform amd{.os = "linux", .architecture = "amd64", .variant = {}, .os_version = {}};
  const auto same = take_platforms(kSingle, Strings{"linux/amd64"}, amd);
  REQUIRE(same.has_value());
  CHECK(same->root.bytes == kSingle.bytes);
  CHECK(take_platforms(kSingle, Strings{}, std::nullopt).has_value());
  CHECK(take_platforms(kSingle, Strings{"linux/arm64"}, amd).error().cls == ErrorClass::NotFound);
  CHECK(take_platforms(kSingle, Strings{"linux/amd64", "linux/arm64"}, amd).error().cls == ErrorClass::NotFound);
  CHECK(take_platforms(kSingle, Strings{"linux/amd64"}, std::nullopt).error().cls == ErrorClass::NotFound);
}

TEST_CASE("a platform that is no platform is Invalid", "[platform_subset]") {
  CHECK(take_platforms(kSource, Strings{"amd64"}, std::nullopt).error().cls == ErrorClass::Invalid);
}

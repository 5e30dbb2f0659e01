#include "reconcilers/content/runnable.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::content;

namespace {

Descriptor child(const std::string& os, const std::string& architecture, const std::string& type) {
  Descriptor out{.platform = Platform{.os = os, .architecture = architecture, .variant = {}, .os_version = {}}};
  if (!type.empty()) out.annotations.emplace("vnd.docker.reference.type", type);
  return out;
}

ImageManifest manifest(const std::string& config_type, const std::string& config,
                       const std::vector<std::string>& layer_types) {
  ImageManifest out{.config = {.media_type = config_type, .digest = Digest::of(config)}};
  for (const auto& type : layer_types) out.layers.push_back({.media_type = type});
  return out;
}

const std::string kLayer = "application/vnd.oci.image.layer.v1.tar+gzip";
const std::string kInToto = "application/vnd.in-toto+json";
const std::string kCosign = "application/vnd.dev.cosign.simplesigning.v1+json";

}  // namespace

TEST_CASE("which child claims to be an attestation", "[runnable]") {
  CHECK(is_attestation(child("unknown", "unknown", "attestation-manifest")));
  CHECK_FALSE(is_attestation(child("unknown", "unknown", "")));
  CHECK_FALSE(is_attestation(child("unknown", "unknown", "image-manifest")));
  CHECK_FALSE(is_attestation(child("linux", "amd64", "attestation-manifest")));
  CHECK_FALSE(is_attestation(child("linux", "unknown", "attestation-manifest")));
  CHECK_FALSE(is_attestation({}));
  CHECK(has_unknown_platform(child("unknown", "unknown", "")));
  CHECK_FALSE(has_unknown_platform(child("unknown", "amd64", "")));
}

TEST_CASE("what a runtime may take for an image", "[runnable]") {
  struct Row {
    std::string name;
    ImageManifest manifest;
    bool may_be_image, only_statements, only_in_toto;
  };
  const std::string oci(kOciConfig), docker(kDockerConfig), empty(kOciEmpty);
  const Row rows[] = {
      {"an image", manifest(oci, "c", {kLayer}), true, false, false},
      {"an image of Docker's", manifest(docker, "c", {"application/vnd.docker.image.rootfs.diff.tar.gzip"}), true,
       false, false},
      {"an image without layers", manifest(oci, "c", {}), true, false, false},
      {"an image with a config of old", manifest("application/octet-stream", "c", {kLayer}), true, false, false},
      {"a config that only capitals tell apart", manifest("application/vnd.OCI.image.config.v1+json", "c", {"a/b"}),
       true, false, false},
      {"layers of an image, a config of its own", manifest("a/b", "c", {"a/b", kLayer}), true, false, false},
      {"layers of an image, a config that says it is empty", manifest(empty, "c", {kLayer}), true, false, false},
      {"layers of an image, an empty config (ORAS)", manifest(empty, "{}", {kLayer}), false, false, false},
      {"the same of an older ORAS", manifest("application/vnd.unknown.config.v1+json", "{}", {kLayer}), false, false,
       false},
      {"a plain artifact", manifest(empty, "{}", {"text/plain"}), false, false, false},
      {"a Helm chart",
       manifest("application/vnd.cncf.helm.config.v1+json", "c",
                {"application/vnd.cncf.helm.chart.content.v1.tar+gzip"}),
       false, false, false},
      {"cosign's .sig", manifest(oci, "c", {kCosign}), true, true, false},
      {"cosign's .att", manifest(oci, "c", {"application/vnd.dsse.envelope.v1+json"}), true, true, false},
      {"cosign's .sbom", manifest(oci, "c", {"text/spdx+json"}), true, true, false},
      {"a layer among signatures", manifest(oci, "c", {kCosign, kLayer}), true, false, false},
      {"cosign's referrer", manifest("application/vnd.dev.cosign.artifact.sig.v1+json", "c", {kCosign}), false, true,
       false},
      {"Notation", manifest("application/vnd.cncf.notary.signature", "{}", {"application/jose+json"}), false, true,
       false},
      {"a Sigstore bundle", manifest(empty, "{}", {"application/vnd.dev.sigstore.bundle.v0.3+json"}), false, true,
       false},
      {"CycloneDX", manifest(empty, "{}", {"application/vnd.cyclonedx+json"}), false, true, false},
      {"BuildKit's attestation", manifest(oci, "c", {kInToto, kInToto}), true, true, true},
      {"signed by Docker", manifest(oci, "c", {"application/vnd.in-toto.provenance+dsse"}), true, true, true},
      {"a layer among attestations", manifest(oci, "c", {kInToto, kLayer}), true, false, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(may_be_image(row.manifest) == row.may_be_image);
    CHECK(holds_only_statements(row.manifest) == row.only_statements);
    CHECK(holds_only_in_toto(row.manifest) == row.only_in_toto);
  }
}

TEST_CASE("which config names no platform", "[runnable]") {
  for (const std::string good :
       {R"({"os":"unknown","architecture":"unknown"})", R"({"os":"","architecture":""})", "{}"}) {
    INFO(good);
    CHECK(is_platformless(good));
  }
  for (const std::string bad :
       {R"({"os":"linux","architecture":"amd64"})", R"({"os":"linux"})", R"({"architecture":"amd64"})",
        R"({"os":"unknown","OS":"linux"})", R"({"os":)", "[]", ""}) {
    INFO(bad);
    CHECK_FALSE(is_platformless(bad));
  }
}

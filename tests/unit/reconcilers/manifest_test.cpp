#include "reconcilers/content/manifest.h"
#include "reconcilers/content/runnable.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::content;

namespace {

const std::string kD1 = Digest::of("1").str();
const std::string kD2 = Digest::of("2").str();

ManifestBytes given(std::string bytes, std::string_view media_type) {
  ManifestBytes out{.descriptor = {}, .bytes = std::move(bytes)};
  out.descriptor.media_type = media_type;
  out.descriptor.digest = Digest::of(out.bytes);
  out.descriptor.size = static_cast<std::int64_t>(out.bytes.size());
  return out;
}

std::string descriptor(const std::string& digest, const std::string& size = "3",
                       const std::string& type = "application/vnd.oci.image.layer.v1.tar+gzip") {
  return R"({"mediaType":")" + type + R"(","digest":")" + digest + R"(","size":)" + size + "}";
}

std::string image(const std::string& layers, const std::string& more = "") {
  return R"({"schemaVersion":2,)" + more + R"("config":)" + descriptor(kD1, "2", std::string(kOciConfig)) +
         R"(,"layers":[)" + layers + "]}";
}

std::string index(const std::string& manifests, const std::string& more = "") {
  return R"({"schemaVersion":2,)" + more + R"("manifests":[)" + manifests + "]}";
}

std::string repeated(const std::string& item, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + item;
  return out;
}

const std::string kManifestChild = descriptor(kD2, "500", std::string(kOciManifest));

}  // namespace

TEST_CASE("manifests that are taken", "[manifest]") {
  struct Row {
    std::string name, body;
    std::string_view type;
  };
  const std::string docker_type = R"("mediaType":")" + std::string(kDockerManifest) + R"(",)";
  const Row rows[] = {
      {"an OCI image without mediaType", image(descriptor(kD2)), kOciManifest},
      {"an OCI image with the same mediaType",
       image(descriptor(kD2), R"("mediaType":")" + std::string(kOciManifest) + R"(",)"), kOciManifest},
      {"a Docker image", image(descriptor(kD2), docker_type), kDockerManifest},
      {"an image without layers", image(""), kOciManifest},
      {"the same layer twice with one size", image(descriptor(kD2) + "," + descriptor(kD2)), kOciManifest},
      {"a foreign layer",
       image(R"({"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","digest":")" + kD2 +
             R"(","size":3,"urls":["http://169.254.169.254/"]})"),
       kOciManifest},
      {"1,000 layers", image(repeated(descriptor(kD2), 1000)), kOciManifest},
      {"an OCI index without mediaType", index(kManifestChild), kOciIndex},
      {"an empty index", index(""), kOciIndex},
      {"an artifact with a subject", image("", R"("artifactType":"a/b","subject":)" + kManifestChild + ","),
       kOciManifest},
      {"the largest size", image(descriptor(kD2, "4398046511104")), kOciManifest},
      {"a size of 0", image(descriptor(kD2, "0")), kOciManifest},
      {"null annotations", image("", R"("annotations":null,)"), kOciManifest},
      {"a child of exactly 4 MiB", index(descriptor(kD2, "4194304", std::string(kOciManifest))), kOciIndex},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto parsed = parse_manifest(given(row.body, row.type));
    INFO((parsed ? "" : parsed.error().message));
    CHECK(parsed.has_value());
  }
}

TEST_CASE("hostile manifests are Integrity and say what is wrong", "[manifest]") {
  struct Row {
    std::string name, body;
    std::string_view type;
    std::string says;
  };
  const Row rows[] = {
      {"half a document", R"({"schemaVersion":2,)", kOciManifest, "no JSON"},
      {"a list", "[]", kOciManifest, "no JSON object"},
      {"a duplicate key", R"({"schemaVersion":2,"schemaVersion":2})", kOciManifest, "no JSON"},
      {"schema 1", R"({"schemaVersion":1,"config":{},"layers":[]})", kOciManifest, "schemaVersion is \"1\""},
      {"no schema version", R"({"layers":[]})", kOciManifest, "schemaVersion"},
      {"a negative size", image(descriptor(kD2, "-1")), kOciManifest, "layers[0]: its size is \"-1\""},
      {"a size that is no whole number", image(descriptor(kD2, "1.5")), kOciManifest, "its size"},
      {"a size beyond 64 bits", image(descriptor(kD2, "99999999999999999999")), kOciManifest, "its size"},
      {"a size that no blob has", image(descriptor(kD2, "4398046511105")), kOciManifest,
       "layers[0]: its size is 4398046511105, more than 4 TiB"},
      {"a size as text", image(descriptor(kD2, "\"3\"")), kOciManifest, "its size"},
      {"one digest with two sizes", image(descriptor(kD2, "3") + "," + descriptor(kD2, "4")), kOciManifest,
       "in one place"},
      {"the config's digest with another size as layer", image(descriptor(kD1, "9")), kOciManifest, "in one place"},
      {"a bad digest", image(descriptor("sha256:xyz")), kOciManifest, "layers[0]"},
      {"a media type with a blank", image(descriptor(kD2, "3", "a b/c")), kOciManifest, "mediaType"},
      {"a descriptor that is no map", image("7"), kOciManifest, "layers[0]: it is no map"},
      {"layers that are no list", R"({"schemaVersion":2,"config":)" + descriptor(kD1) + R"(,"layers":{}})",
       kOciManifest, "layers is no list"},
      {"no config", R"({"schemaVersion":2,"layers":[]})", kOciManifest, "config"},
      {"20,001 values", image("", R"("x":[)" + repeated("0", 19'993) + "],"), kOciManifest,
       "it is no JSON of at most 20,000 values: "},
      {"1,001 layers", image(repeated(descriptor(kD2), 1001)), kOciManifest, "more than 1,000"},
      {"1,001 children", index(repeated(kManifestChild, 1001)), kOciIndex, "more than 1,000"},
      {"a child over 4 MiB", index(descriptor(kD2, "4194305", std::string(kOciManifest))), kOciIndex,
       "more than 4 MiB"},
      {"an annotation that is a number", image("", R"("annotations":{"a":1},)"), kOciManifest, "annotation"},
      {"an index and an image at once", index(kManifestChild, R"("layers":[],)"), kOciIndex, "at once"},
      {"an index and an image at once, given as an image", index("", R"("config":{},)"), kOciManifest, "at once"},
      {"a body that says another type", index("", R"("mediaType":")" + std::string(kDockerIndex) + R"(",)"), kOciIndex,
       "but was given as"},
      {"a mediaType that is a number", image("", R"("mediaType":1,)"), kOciManifest, "mediaType is no string"},
      {"Docker without mediaType", image(""), kDockerManifest, "lacks mediaType"},
      {"the withdrawn artifact manifest", R"({"schemaVersion":2,"blobs":[]})",
       "application/vnd.oci.artifact.manifest.v1+json", "no image or index"},
      {"layers that Go reads instead", image("", R"("Layers":[],)"), kOciManifest, "key \"Layers\""},
      {"a config that Go reads instead", image("", R"("CONFIG":{},)"), kOciManifest, "key \"CONFIG\""},
      {"layers with a long s, which Go reads too", image("", "\"layer\u017F\":[],"), kOciManifest, "its key"},
      {"children that Go reads instead", index("", R"("Manifests":[],)"), kOciIndex, "key \"Manifests\""},
      {"a digest that Go reads instead", image(R"({"Digest":"x",)" + descriptor(kD2).substr(1)), kOciManifest,
       "layers[0]: its key \"Digest\""},
      {"a platform that Go reads instead",
       index(R"({"platform":{"os":"unknown","architecture":"unknown","OS":"linux"},)" + kManifestChild.substr(1)),
       kOciIndex, "key \"OS\""},
      {"a platform of more than a word",
       index(R"({"platform":{"os":")" + std::string(256, 'l') + R"(","architecture":"amd64"},)" +
             kManifestChild.substr(1)),
       kOciIndex, "manifests[0]: its platform has a word of 256 bytes, more than 255"},
      {"an index given as an image", index(kManifestChild), kOciManifest, "config"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto parsed = parse_manifest(given(row.body, row.type));
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().cls == ErrorClass::Integrity);
    CHECK_THAT(parsed.error().message, Catch::Contains(row.says));
    CHECK_FALSE(parsed.error().remedy.empty());
  }
}

TEST_CASE("a manifest of another size than was said is Integrity", "[manifest]") {
  ManifestBytes manifest = given(image(""), kOciManifest);
  ++manifest.descriptor.size;
  CHECK(parse_manifest(manifest).error().cls == ErrorClass::Integrity);
}

TEST_CASE("an index that names itself is Integrity", "[manifest]") {
  ManifestBytes manifest = given(index(kManifestChild), kOciIndex);
  manifest.descriptor.digest = *Digest::parse(kD2);
  CHECK_THAT(parse_manifest(manifest).error().message, Catch::Contains("itself"));
}

TEST_CASE("what a manifest says is read", "[manifest]") {
  const auto parsed = parse_manifest(given(
      index(R"({"mediaType":")" + std::string(kOciManifest) + R"(","digest":")" + kD2 +
            R"(","size":7,"platform":{"os":"linux","architecture":"arm64","variant":"v8"},"annotations":{"a":"b"}})"),
      kOciIndex));
  REQUIRE(parsed.has_value());
  const auto& child = std::get<ImageIndex>(*parsed).manifests.at(0);
  CHECK(child.size == 7);
  CHECK(child.digest.str() == kD2);
  CHECK(to_string(*child.platform) == "linux/arm64/v8");
  CHECK(child.annotations.at("a") == "b");
  CHECK_FALSE(is_attestation(child));
}

TEST_CASE("configs", "[manifest]") {
  const auto good = parse_config(R"({"os":"linux","architecture":"amd64","created":"2026-11-24T09:00:00Z",
      "config":{"Labels":{"a":"b"}},"rootfs":{"type":"layers","diff_ids":[")" +
                                 kD1 + R"("]}})");
  REQUIRE(good.has_value());
  CHECK(good->diff_ids == std::vector<std::string>{kD1});
  CHECK(good->labels.at("a") == "b");
  CHECK(to_string(*good->created) == "2026-11-24T09:00:00Z");
  CHECK(parse_config(R"({"os":"linux","architecture":"amd64"})")->diff_ids.empty());
  CHECK_FALSE(parse_config(R"({"os":"linux","architecture":"amd64","created":"soon"})")->created);

  for (const std::string& bad : std::vector<std::string>{
           R"({})", R"({"os":"linux"})", R"({"architecture":"amd64"})", R"([])", R"({"os":)",
           R"({"os":"linux","architecture":"amd64","rootfs":{"diff_ids":"x"}})",
           R"({"os":"linux","architecture":"amd64","Rootfs":{}})",
           R"({"os":"linux","architecture":"amd64","os.version":")" + std::string(256, 'x') + "\"}",
           R"({"os":"linux","architecture":"amd64","rootfs":{"Diff_IDs":[]}})",
           R"({"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["sha256:12"]}})"}) {
    INFO(bad);
    const auto parsed = parse_config(bad);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().cls == ErrorClass::Integrity);
  }
}

TEST_CASE("platforms are parsed and printed the same", "[platform]") {
  for (const std::string good : {"linux/amd64", "linux/arm64/v8", "windows/amd64"})
    CHECK(to_string(parse_platform(good).value()) == good);
  CHECK(to_string({.os = "li\x1bnux", .architecture = std::string(65, 'a'), .variant = "v8", .os_version = {}}) ==
        "li\\x1bnux/" + std::string(64, 'a') + "…/v8");
  for (const std::string bad :
       {"", "linux", "linux/", "/amd64", "linux//v8", "linux/arm64/v8/x", "Linux/amd64", "a b/c"}) {
    INFO(bad);
    REQUIRE_FALSE(parse_platform(bad).has_value());
    CHECK(parse_platform(bad).error().cls == ErrorClass::Invalid);
  }
}

TEST_CASE("which platform serves which", "[platform]") {
  struct Row {
    std::string offered, wanted;
    bool serves;
  };
  const Row rows[] = {
      {"linux/amd64", "linux/amd64", true},        {"linux/amd64", "windows/amd64", false},
      {"linux/amd64", "linux/arm64", false},       {"linux/arm64/v8", "linux/arm64", true},
      {"linux/arm64", "linux/arm64/v8", true},     {"linux/arm/v7", "linux/arm", true},
      {"linux/arm", "linux/arm/v7", false},        {"linux/arm/v6", "linux/arm/v7", false},
      {"linux/arm64/v9", "linux/arm64/v8", false},
  };
  for (const auto& row : rows) {
    INFO(row.offered << " for " << row.wanted);
    CHECK(serves(*parse_platform(row.offered), *parse_platform(row.wanted)) == row.serves);
  }
}

TEST_CASE("layers that a licence may hold back", "[manifest]") {
  CHECK(is_foreign_layer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"));
  CHECK(is_foreign_layer("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"));
  CHECK_FALSE(is_foreign_layer("application/vnd.oci.image.layer.v1.tar+gzip"));
}

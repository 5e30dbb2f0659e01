#include "reconcilers/content/runnable.h"
#include "reconcilers/publish/byte_budget.h"
#include "reconcilers/publish/content_reader.h"
#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using namespace std::chrono_literals;
using content::Descriptor;

const std::string kOci(content::kOciConfig);
const std::string kEmpty(content::kOciEmpty);
const std::string kLayer = "application/vnd.oci.image.layer.v1.tar+gzip";
const std::string kInToto = "application/vnd.in-toto+json";
const std::string kCosign = "application/vnd.dev.cosign.simplesigning.v1+json";
const std::string kDsse = "application/vnd.dsse.envelope.v1+json";
const std::string kGzip("\x1f\x8b\x08\x00 a root file system", 24);

std::string named(const Descriptor& one, const std::string& more = "") {
  return R"({"mediaType":")" + one.media_type + R"(","digest":")" + one.digest.str() + R"(","size":)" +
         std::to_string(one.size) + more + "}";
}

Descriptor put_blob(InMemoryRepository& repository, const std::string& type, const std::string& bytes) {
  repository.blobs.emplace(Digest::of(bytes), bytes);
  return {.media_type = type, .digest = Digest::of(bytes), .size = static_cast<std::int64_t>(bytes.size())};
}

Descriptor put_manifest(InMemoryRepository& repository, std::string_view type, const std::string& bytes) {
  Descriptor out{
      .media_type = std::string(type), .digest = Digest::of(bytes), .size = static_cast<std::int64_t>(bytes.size())};
  repository.manifests.insert_or_assign(out.digest, content::ManifestBytes{out, bytes});
  return out;
}

std::string join(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ",") + item;
  return out;
}

/// A config as runtimes read it, for layers whose diff ids nobody checks here.
std::string config_of(const std::string& os, const std::string& architecture, std::size_t layers) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < layers; ++i) ids.push_back('"' + Digest::of(std::to_string(i)).str() + '"');
  return R"({"os":")" + os + R"(","architecture":")" + architecture + R"(","rootfs":{"diff_ids":[)" + join(ids) + "]}}";
}

/// What an image manifest is made of.
struct Parts {
  std::string config_type = kOci;
  std::string config;
  std::vector<std::string> layer_types;
  std::string more;                   ///< Further members, each with a comma before it.
  std::vector<std::string> contents;  ///< Of the layers; a JSON document for each that has none.
};

Descriptor put(InMemoryRepository& repository, const Parts& parts) {
  std::vector<std::string> layers;
  for (const auto& type : parts.layer_types) {
    const auto at = layers.size();
    const auto json = R"({"layer":)" + std::to_string(at) + R"(,"of":")" + type + "\"}";
    layers.push_back(named(put_blob(repository, type, at < parts.contents.size() ? parts.contents[at] : json)));
  }
  return put_manifest(repository, content::kOciManifest,
                      R"({"schemaVersion":2,"config":)" + named(put_blob(repository, parts.config_type, parts.config)) +
                          R"(,"layers":[)" + join(layers) + "]" + parts.more + "}");
}

std::string with_subject(const Descriptor& subject) {
  return R"(,"subject":)" + named(subject);
}

const std::string kUnknown = R"(,"platform":{"os":"unknown","architecture":"unknown"})";
std::string annotated(const std::string& type) {
  return kUnknown + R"(,"annotations":{"vnd.docker.reference.type":")" + type + "\"}";
}
const std::string kMarked = annotated("attestation-manifest");

std::string index_text(const std::vector<std::string>& children, std::string_view type = content::kOciIndex) {
  return R"({"schemaVersion":2,"mediaType":")" + std::string(type) + R"(","manifests":[)" + join(children) + "]}";
}

/// An image that was scanned, and a publication with a gate that reads the report.
struct Scanned {
  Scanned() {
    image = make_image(world.source(), {"base"});
    world.source().tags.insert_or_assign("1.8", image.descriptor.digest);
    publication = make_publication();
    publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}, .wait_for = 0s};
    world.objects.files["scan.json"] = make_report(image);
  }

  InMemoryRepository& source() { return world.source(); }
  std::string scanned_child() const {
    return named(image.descriptor, R"(,"platform":{"os":"linux","architecture":"amd64"})");
  }
  void push_index(const std::string& text, std::string_view type = content::kOciIndex) {
    world.source().tags.insert_or_assign("1.8", put_manifest(source(), type, text).digest);
  }
  void push_index(const std::vector<std::string>& children) { push_index(index_text(children)); }
  bool is_published() { return world.tag("1.8.2") != "nothing"; }
  bool went_along(const Digest& digest) { return world.destination().manifests.contains(digest); }

  PublishWorld world;
  MadeImage image;
  ImagePublication publication;
};

}  // namespace

TEST_CASE("attestations beside a scanned image need no report") {
  struct Row {
    std::string name;
    Parts parts;
  };
  const Row rows[] = {
      {"BuildKit's, with a config", {.config = config_of("unknown", "unknown", 2), .layer_types = {kInToto, kInToto}}},
      {"BuildKit's, as an artifact",
       {.config_type = kEmpty,
        .config = "{}",
        .layer_types = {kInToto},
        .more = R"(,"artifactType":"application/vnd.docker.attestation.manifest.v1+json")"}},
      {"signed", {.config = config_of("", "", 1), .layer_types = {"application/vnd.in-toto.provenance+dsse"}}},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Scanned it;
    const auto child = put(it.source(), row.parts);
    it.push_index({it.scanned_child(), named(child, kMarked)});
    it.world.publish(it.publication);
    INFO(it.world.message(it.publication));
    CHECK(it.is_published());
    CHECK(it.went_along(child.digest));
  }
}

TEST_CASE("what pretends to be an attestation needs a report") {
  const std::string linux_config = config_of("linux", "amd64", 1);
  struct Row {
    std::string name;
    Parts parts;
    std::string said;
  };
  const Row rows[] = {
      {"no annotation", {.config = linux_config, .layer_types = {kLayer}}, kUnknown},
      {"no annotation, in-toto layers", {.config = linux_config, .layer_types = {kInToto}}, kUnknown},
      {"another kind of reference", {.config = linux_config, .layer_types = {kLayer}}, annotated("image")},
      {"an image's layer", {.config = linux_config, .layer_types = {kLayer}}, kMarked},
      {"an image's layer among others",
       {.config = config_of("linux", "amd64", 2), .layer_types = {kInToto, kLayer}},
       kMarked},
      {"an image's layer, a config without platform",
       {.config = config_of("unknown", "unknown", 1), .layer_types = {kLayer}},
       kMarked},
      {"no layer", {.config = config_of("unknown", "unknown", 0), .layer_types = {}}, kMarked},
      {"a config that can be run", {.config = linux_config, .layer_types = {kInToto}}, kMarked},
      {"a config that Go reads as one that can be run",
       {.config = R"({"os":"","architecture":"","OS":"linux","Architecture":"amd64"})", .layer_types = {kInToto}},
       kMarked},
      {"a config of its own type", {.config_type = "a/b", .config = linux_config, .layer_types = {kLayer}}, kMarked},
      {"an artifact's type on an image",
       {.config = linux_config,
        .layer_types = {kLayer},
        .more = R"(,"artifactType":"application/vnd.docker.attestation.manifest.v1+json")"},
       kMarked},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Scanned it;
    const auto child = put(it.source(), row.parts);
    it.push_index({it.scanned_child(), named(child, row.said)});
    it.world.publish(it.publication);
    CHECK(it.world.condition(it.publication, "GatesPassed") == "False PlatformNotCovered");
    CHECK_THAT(it.world.message(it.publication), Catch::Contains(child.digest.short_hex()));
    CHECK(it.world.destination() == InMemoryRepository{});
  }
}

TEST_CASE("what pretends to be an attestation is found where it hides") {
  Scanned it;
  const auto child = put(it.source(), {.config = config_of("linux", "amd64", 1), .layer_types = {kLayer}});
  SECTION("in an index that is said to be an attestation") {
    const auto inner = put_manifest(it.source(), content::kOciIndex, index_text({named(child, kMarked)}));
    it.push_index({it.scanned_child(), named(inner, kMarked)});
  }
  SECTION("in a list of Docker's") {
    it.push_index(index_text({it.scanned_child(), named(child, kMarked)}, content::kDockerIndex),
                  content::kDockerIndex);
  }
  SECTION("named first as an attestation, then as an image") {
    it.push_index({named(child, kMarked), named(child, R"(,"platform":{"os":"linux","architecture":"arm64"})"),
                   it.scanned_child()});
  }
  SECTION("in a subset, as what speaks of the platform kept") {
    it.publication.spec.source.platforms = {"linux/amd64"};
    const auto about = R"(","vnd.docker.reference.digest":")" + it.image.descriptor.digest.str() + "\"}";
    it.push_index({it.scanned_child(), named(child, kMarked.substr(0, kMarked.size() - 2) + about),
                   named(it.image.descriptor, R"(,"platform":{"os":"linux","architecture":"s390x"})")});
  }
  it.world.publish(it.publication);
  CHECK(it.world.condition(it.publication, "GatesPassed") == "False PlatformNotCovered");
  CHECK(it.world.destination() == InMemoryRepository{});
}

TEST_CASE("what pretends to be an attestation passes with a report of its own, and where no gate is") {
  Scanned it;
  const auto config = config_of("linux", "amd64", 1);
  const auto child = put(it.source(), {.config = config, .layer_types = {kLayer}});
  it.push_index({it.scanned_child(), named(child, kMarked)});
  SECTION("a report") {
    it.publication.spec.gates.scan->reports.push_back({.name = "other", .path = "other.json"});
    it.world.objects.files["other.json"] = make_report({.config = {.digest = Digest::of(config)}});
  }
  SECTION("no gate") {
    it.publication.spec.gates.scan.reset();
  }
  it.world.publish(it.publication);
  INFO(it.world.message(it.publication));
  CHECK(it.is_published());
}

TEST_CASE("under a gate no image travels as an attachment") {
  struct Row {
    std::string name;
    Parts parts;
    bool travels;
  };
  const Row rows[] = {
      {"an image", {.config = config_of("linux", "amd64", 1), .layer_types = {kLayer}}, false},
      {"an image that says no platform", {.config = config_of("", "", 1), .layer_types = {kLayer}}, false},
      {"an image under an artifact's type",
       {.config = config_of("linux", "amd64", 1), .layer_types = {kLayer}, .more = R"(,"artifactType":"a/sbom")"},
       false},
      {"an image with a config of its own type", {.config_type = "a/b", .config = "x", .layer_types = {kLayer}}, false},
      {"an image with a config of old",
       {.config_type = "application/json", .config = config_of("linux", "amd64", 1), .layer_types = {kLayer}},
       false},
      {"a WebAssembly artifact",
       {.config_type = "application/vnd.wasm.config.v0+json", .config = "{}", .layer_types = {"application/wasm"}},
       false},
      {"a WebAssembly module under a config of its own",
       {.config_type = "a/b", .config = "x", .layer_types = {"application/wasm"}},
       false},
      {"an image that calls its layers signatures",
       {.config = config_of("linux", "amd64", 1), .layer_types = {kCosign}},
       false},
      {"cosign's signature in the form of an image", {.config = config_of("", "", 1), .layer_types = {kCosign}}, true},
      {"cosign's attestation in the form of an image",
       {.config = config_of("", "", 1), .layer_types = {"application/vnd.dsse.envelope.v1+json"}},
       true},
      {"cosign's SBOM in the form of an image",
       {.config = config_of("", "", 1), .layer_types = {"text/spdx+json"}},
       true},
      {"cosign's referrer",
       {.config_type = "application/vnd.dev.cosign.artifact.sig.v1+json", .config = "x", .layer_types = {kCosign}},
       true},
      {"Notation's",
       {.config_type = "application/vnd.cncf.notary.signature",
        .config = "{}",
        .layer_types = {"application/jose+json"}},
       true},
      {"SPDX", {.config_type = kEmpty, .config = "{}", .layer_types = {"application/spdx+json"}}, true},
      {"CycloneDX", {.config_type = kEmpty, .config = "{}", .layer_types = {"application/vnd.cyclonedx+json"}}, true},
      {"ORAS, which calls files layers", {.config_type = kEmpty, .config = "{}", .layer_types = {kLayer}}, true},
  };
  for (const bool by_tag : {false, true})
    for (const auto& row : rows) {
      INFO(row.name << (by_tag ? " by tag" : " as a referrer"));
      Scanned it;
      auto parts = row.parts;
      if (!by_tag) parts.more += with_subject(it.image.descriptor);
      const auto attached = put(it.source(), parts);
      if (by_tag)
        it.source().tags.insert_or_assign("sha256-" + std::string(it.image.descriptor.digest.hex()) + ".sig",
                                          attached.digest);
      const auto plan = [&] {
        it.world.objects.apply(it.publication);
        return it.world.plan(it.publication);
      }();
      it.world.publish(it.publication);
      INFO(it.world.message(it.publication));
      CHECK(it.is_published());
      CHECK(it.went_along(attached.digest) == row.travels);
      CHECK(std::ranges::any_of(plan, [](const auto& line) {
              return line.find("it is an image, which no gate has judged") != std::string::npos;
            }) != row.travels);
    }
}

TEST_CASE("an attestation under a gate is one by its content") {
  struct Row {
    std::string name;
    std::vector<std::string> contents;
    bool believed;
  };
  const std::string json = R"({"_type":"https://in-toto.io/Statement/v0.1","predicate":{"builder":["x",1.5e3,null]}})";
  const std::string large = R"({"files":[")" + std::string(3u << 20, 'x') + "\"]}";
  const Row rows[] = {
      {"two statements", {json, " \n" + json + "\n"}, true},
      {"one that is too large to be kept", {json, large}, true},
      {"a compressed layer", {kGzip, json}, false},
      {"a compressed layer behind a statement", {json, kGzip}, false},
      {"half a statement", {json, R"({"_type":"https)"}, false},
      {"a layer behind a statement in one blob", {json, json + kGzip}, false},
      {"a large one that does not end", {json, large.substr(0, large.size() - 1)}, false},
      {"JSON, but no object", {json, "[]"}, false},
      {"nothing", {json, ""}, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Scanned it;
    const auto child = put(
        it.source(),
        {.config = config_of("unknown", "unknown", 2), .layer_types = {kInToto, kInToto}, .contents = row.contents});
    it.push_index({it.scanned_child(), named(child, kMarked)});
    it.world.publish(it.publication);
    INFO(it.world.message(it.publication));
    CHECK(it.is_published() == row.believed);
    CHECK((it.world.condition(it.publication, "GatesPassed") == "False PlatformNotCovered") != row.believed);
    CHECK((it.world.destination() == InMemoryRepository{}) != row.believed);
  }
}

TEST_CASE("an attestation under a gate is read to its end, or not believed") {
  Scanned it;
  std::string json = R"({"files":[")" + std::string(3u << 20, 'x') + "\"]}";
  auto layer = put_blob(it.source(), kInToto, json);
  std::string said;
  SECTION("other content than its digest says") {
    json[100] = 'y';
    it.source().blobs.insert_or_assign(layer.digest, json);
    said = "False Integrity";
  }
  SECTION("more than 128 MiB") {
    layer.size = (128 << 20) + 1;
    said = "False PlatformNotCovered";
  }
  const auto config = put_blob(it.source(), kOci, config_of("unknown", "unknown", 1));
  const auto child =
      put_manifest(it.source(), content::kOciManifest,
                   R"({"schemaVersion":2,"config":)" + named(config) + R"(,"layers":[)" + named(layer) + "]}");
  it.push_index({it.scanned_child(), named(child, kMarked)});
  it.world.publish(it.publication);
  CHECK(it.world.condition(it.publication, "Ready") == said);
  CHECK(it.world.destination() == InMemoryRepository{});
}

TEST_CASE("a signature or SBOM under a gate is one by its content") {
  struct Row {
    std::string name;
    std::string type;
    std::string content;
    bool travels;
  };
  const Row rows[] = {
      {"cosign's signature", kCosign, R"({"critical":{"identity":{}},"optional":null})", true},
      {"cosign's attestation", kDsse, R"({"payloadType":"application/vnd.in-toto+json","payload":"e30="})", true},
      {"an SBOM of SPDX", "text/spdx", "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", true},
      {"an SBOM of CycloneDX", "application/vnd.cyclonedx+xml", "<?xml version=\"1.0\"?>\n<bom/>\n", true},
      {"an SBOM of CycloneDX that does not say which form", "application/vnd.cyclonedx", R"({"components":[]})", true},
      {"a compressed layer called signature", kCosign, kGzip, false},
      {"a compressed layer called attestation", kDsse, kGzip, false},
      {"a compressed layer called SBOM", "text/spdx", kGzip, false},
      {"a compressed layer called SBOM of CycloneDX", "application/vnd.cyclonedx+xml", kGzip, false},
      {"text called signature", kCosign, "SPDXVersion: SPDX-2.3\n", false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Scanned it;
    const auto attached = put(it.source(), {.config = config_of("", "", 1),
                                            .layer_types = {row.type},
                                            .more = with_subject(it.image.descriptor),
                                            .contents = {row.content}});
    it.world.publish(it.publication);
    INFO(it.world.message(it.publication));
    CHECK(it.is_published());
    CHECK(it.went_along(attached.digest) == row.travels);
  }
}

TEST_CASE("a statement is read once, and where no gate is only to be sent") {
  for (const bool gated : {true, false}) {
    INFO(gated);
    Scanned it;
    if (!gated) it.publication.spec.gates.scan.reset();
    const std::string json = R"({"payload":"e30="})";
    put(it.source(), {.config = config_of("", "", 1),
                      .layer_types = {kDsse},
                      .more = with_subject(it.image.descriptor),
                      .contents = {json}});
    it.world.publish(it.publication);
    CHECK(it.is_published());
    CHECK(it.world.count("GET ghcr.io/contoso/storefront/blobs/" + Digest::of(json).str()) == 1);
  }
}

TEST_CASE("without a gate an image travels as an attachment") {
  Scanned it;
  it.publication.spec.gates.scan.reset();
  const auto attached = put(
      it.source(),
      {.config = config_of("linux", "amd64", 1), .layer_types = {kLayer}, .more = with_subject(it.image.descriptor)});
  it.world.publish(it.publication);
  CHECK(it.is_published());
  CHECK(it.went_along(attached.digest));
}

TEST_CASE("a floor of the registry judges attachments too") {
  Scanned it;
  it.publication.spec.gates.scan->reports.clear();
  auto registry = make_registry();
  registry.spec.access.front().gates.scan = ScanGate{.wait_for = 0s};
  it.world.objects.apply(registry);
  it.publication.spec.gates.scan->reports = {{.name = "amd64", .path = "scan.json"}};
  const auto attached = put(
      it.source(),
      {.config = config_of("linux", "amd64", 1), .layer_types = {kLayer}, .more = with_subject(it.image.descriptor)});
  it.world.publish(it.publication);
  INFO(it.world.message(it.publication));
  CHECK(it.is_published());
  CHECK_FALSE(it.went_along(attached.digest));
}

TEST_CASE("one layer with two diff ids is a lie") {
  PublishWorld world;
  const auto honest = make_image(world.source(), {"base"});
  const auto layer = R"(,"layers":[)" + named(honest.layers[0]) + "]}";
  const auto config = put_blob(world.source(), kOci, config_of("linux", "arm64", 1));
  const auto liar =
      put_manifest(world.source(), content::kOciManifest, R"({"schemaVersion":2,"config":)" + named(config) + layer);
  const auto index = put_manifest(
      world.source(), content::kOciIndex,
      index_text({named(honest.descriptor), named(liar, R"(,"platform":{"os":"linux","architecture":"arm64"})")}));
  world.source().tags.insert_or_assign("1.8", index.digest);
  const auto publication = make_publication();
  world.publish(publication);
  CHECK(world.condition(publication, "Ready") == "False Integrity");
  CHECK_THAT(world.message(publication), Catch::Contains(honest.layers[0].digest.str()));
  CHECK(world.destination() == InMemoryRepository{});
}

namespace {

/// A source that lists what it likes as referrers, and remembers the largest limit that it was given.
class LyingSource final : public ImageSource {
 public:
  explicit LyingSource(ImageSource& source) : source_(source) {}
  std::vector<Descriptor> listed;
  std::size_t largest_limit = 0;

  std::string name() const override { return source_.name(); }
  Result<std::optional<Descriptor>> resolve(const std::string& tag, std::stop_token stop) override {
    return source_.resolve(tag, stop);
  }
  Result<std::optional<Descriptor>> find_manifest(const Digest& digest, std::stop_token stop) override {
    return source_.find_manifest(digest, stop);
  }
  Result<content::ManifestBytes> manifest(const Digest& digest, std::stop_token stop) override {
    return source_.manifest(digest, stop);
  }
  Result<std::string> small_blob(const Descriptor& blob, std::size_t limit, std::stop_token stop) override {
    largest_limit = std::max(largest_limit, limit);
    return source_.small_blob(blob, limit, stop);
  }
  Result<void> read_blob(const Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                         std::stop_token stop) override {
    return source_.read_blob(blob, offset, sink, stop);
  }
  Result<std::vector<Descriptor>> referrers(const Digest& subject, std::stop_token) override {
    return lists_everywhere || subject == listed_for ? listed : std::vector<Descriptor>{};
  }
  Digest listed_for = Digest::of("");
  bool lists_everywhere = false;

 private:
  ImageSource& source_;
};

/// One image at a source, and a look at it with what is attached.
struct Look {
  InMemoryRegistry registry;
  InMemoryRepository& repository = registry.at("ghcr.io", "contoso/storefront");
  std::unique_ptr<ImageStore> behind = registry.store("ghcr.io", "contoso/storefront", true);
  std::unique_ptr<ImageStore> destination = registry.store("registry.example", "shop/storefront");
  LyingSource source{*behind};
  MadeImage image = make_image(repository, {"base"});

  Result<publish::ContentAnswer> read(const Digest& digest) {
    return publish::read_content({.source = digest, .referrers = true, .configs = true}, source, *destination, {});
  }
};

/// An artifact manifest of about `size` bytes.
Descriptor put_big(InMemoryRepository& repository, std::size_t size, const std::string& seed, const std::string& more) {
  return put(repository, {.config_type = kEmpty,
                          .config = "{}",
                          .layer_types = {"text/plain"},
                          .more = R"(,"annotations":{"a":")" + seed + std::string(size, 'x') + "\"}" + more});
}

constexpr std::size_t kBig = 3'900'000;

}  // namespace

TEST_CASE("what does not refer to the image that it was found on stays behind") {
  Look look;
  const auto other = make_image(look.repository, {"other"});
  const Parts sbom{.config_type = kEmpty, .config = "{}", .layer_types = {"application/spdx+json"}};
  Parts of_other = sbom;
  of_other.more = with_subject(other.descriptor);
  Descriptor found;
  SECTION("a referrer of another image") {
    found = put(look.repository, of_other);
    look.source.listed = {found};
  }
  SECTION("a referrer of nothing") {
    found = put(look.repository, sbom);
    look.source.listed = {found};
  }
  SECTION("a tag on what refers to another image") {
    found = put(look.repository, of_other);
    look.repository.tags.insert_or_assign("sha256-" + std::string(look.image.descriptor.digest.hex()) + ".att",
                                          found.digest);
  }
  look.source.listed_for = look.image.descriptor.digest;
  const auto answer = look.read(look.image.descriptor.digest);
  REQUIRE(answer.has_value());
  CHECK(answer->content.attached.empty());
  CHECK_FALSE(answer->content.bytes.contains(found.digest));
  REQUIRE(answer->content.notes.size() == 1);
  CHECK_THAT(answer->content.notes[0],
             Catch::Contains(found.digest.short_hex()) && Catch::Contains("does not refer to that"));
}

TEST_CASE("what stays behind is looked at once, however often it is listed") {
  Look look;
  const auto with_subject_of = [&](const std::string& seed, const Descriptor& subject) {
    return put_big(look.repository, 1, seed, with_subject(subject));
  };
  const auto other = make_image(look.repository, {"other"});
  const auto first = with_subject_of("1", look.image.descriptor);
  const auto second = with_subject_of("2", look.image.descriptor);
  const auto stranger = with_subject_of("3", other.descriptor);
  look.source.listed = {stranger, first, second};
  look.source.lists_everywhere = true;
  SECTION("what refers is found in the place where it belongs") {
    const auto answer = look.read(look.image.descriptor.digest);
    REQUIRE(answer.has_value());
    CHECK(answer->content.attached.size() == 2);
    CHECK(std::ranges::count(look.registry.requests, "GET ghcr.io/contoso/storefront@" + stranger.digest.str()) == 1);
  }
  SECTION("more than 1,000 are too many") {
    for (int i = 0; i < 1'000; ++i)
      look.source.listed.push_back(with_subject_of(std::to_string(1'000 + i), other.descriptor));
    const auto answer = look.read(look.image.descriptor.digest);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().cls == ErrorClass::Integrity);
    CHECK_THAT(answer.error().message, Catch::Contains("more than 1,000 artifacts are listed"));
  }
}

TEST_CASE("what would make the list of what is attached unreadable stays behind") {
  Look look;
  auto& there = look.registry.at("registry.example", "shop/storefront");
  for (const std::string seed : {"1", "2", "3"})
    look.source.listed.push_back(put_big(look.repository, 100'000, seed, with_subject(look.image.descriptor)));
  look.source.listed_for = look.image.descriptor.digest;
  std::size_t attached = 0;
  SECTION("by its annotations") {
    attached = 2;
  }
  SECTION("by the annotations that earlier publications brought") {
    attached = 1;
    there.manifests.insert_or_assign(look.image.descriptor.digest,
                                     look.repository.manifests.at(look.image.descriptor.digest));
    for (int i = 0; i < 19; ++i)
      put_big(there, 100'000, "there" + std::to_string(i), with_subject(look.image.descriptor));
  }
  SECTION("where there is much already") {
    there.manifests.insert_or_assign(look.image.descriptor.digest,
                                     look.repository.manifests.at(look.image.descriptor.digest));
    for (int i = 0; i < 799; ++i)
      make_artifact(there, "application/spdx+json", std::to_string(i), look.image.descriptor);
    attached = 1;
  }
  SECTION("where nobody can read it") {
    there.manifests.insert_or_assign(look.image.descriptor.digest,
                                     look.repository.manifests.at(look.image.descriptor.digest));
    look.registry.before = [](const std::string& request) -> Result<void> {
      if (!request.contains("/referrers/")) return {};
      return fail(ErrorClass::Integrity, "the answer is larger than 4194304 bytes", "look at it");
    };
  }
  const auto answer = look.read(look.image.descriptor.digest);
  REQUIRE(answer.has_value());
  CHECK(answer->content.attached.size() == attached);
  REQUIRE(answer->content.notes.size() == 3 - attached);
  CHECK_THAT(answer->content.notes[0], Catch::Contains("would be too long to be read"));
}

TEST_CASE("what refers to the image by itself may have more layers than a tag of Cosign's") {
  Look look;
  look.source.listed = {put(look.repository, {.config_type = kEmpty,
                                              .config = "{}",
                                              .layer_types = std::vector<std::string>(901, "text/plain"),
                                              .more = with_subject(look.image.descriptor)})};
  look.source.listed_for = look.image.descriptor.digest;
  const auto answer = look.read(look.image.descriptor.digest);
  REQUIRE(answer.has_value());
  CHECK(answer->content.attached.size() == 1);
  CHECK(answer->content.notes.empty());
}

TEST_CASE("what is attached may not give another size to a blob than the image does") {
  Look look;
  const auto text = [&](const std::vector<Descriptor>& layers) {
    std::vector<std::string> items;
    for (const auto& layer : layers) items.push_back(named(layer));
    return R"({"schemaVersion":2,"config":)" + named(put_blob(look.repository, kEmpty, "{}")) + R"(,"layers":[)" +
           join(items) + "]" + with_subject(look.image.descriptor) + "}";
  };
  const auto honest = look.image.layers[0];
  auto lying = honest;
  ++lying.size;
  const auto own = put_blob(look.repository, "a/b", "own");
  const auto [layers, travels] = GENERATE_COPY(table<std::vector<Descriptor>, bool>({
      {std::vector{honest}, true},
      {std::vector{lying}, false},
      {std::vector{own, own}, true},
  }));
  const auto found = put_manifest(look.repository, content::kOciManifest, text(layers));
  look.source.listed = {found};
  look.source.listed_for = look.image.descriptor.digest;
  const auto answer = look.read(look.image.descriptor.digest);
  REQUIRE(answer.has_value());
  CHECK(answer->content.bytes.contains(found.digest) == travels);
  CHECK(answer->content.attached.empty() != travels);
  CHECK(answer->content.notes.empty() == travels);
  if (travels) return;
  CHECK_THAT(answer->content.notes[0], Catch::Contains("another size"));
  CHECK(answer->content.attached_blobs.empty());
}

TEST_CASE("what one publication holds in memory has an end") {
  Look look;
  SECTION("four large manifests are held") {
    std::vector<std::string> children;
    for (const std::string seed : {"1", "2", "3", "4"})
      children.push_back(named(put_big(look.repository, kBig, seed, "")));
    CHECK(look.read(put_manifest(look.repository, content::kOciIndex, index_text(children)).digest).has_value());
  }
  SECTION("a fifth is too much") {
    std::vector<std::string> children;
    for (const std::string seed : {"1", "2", "3", "4", "5"})
      children.push_back(named(put_big(look.repository, kBig, seed, "")));
    const auto answer = look.read(put_manifest(look.repository, content::kOciIndex, index_text(children)).digest);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().cls == ErrorClass::Integrity);
    CHECK_THAT(answer.error().message, Catch::Contains("16 MiB"));
  }
  SECTION("what is attached counts too") {
    look.source.listed_for = look.image.descriptor.digest;
    for (const std::string seed : {"1", "2", "3", "4", "5"})
      look.source.listed.push_back(put(look.repository, {.config_type = kEmpty,
                                                         .config = "{}",
                                                         .layer_types = {"text/plain"},
                                                         .more = R"(,"a":")" + seed + std::string(kBig, 'x') + '"' +
                                                                 with_subject(look.image.descriptor)}));
    const auto answer = look.read(look.image.descriptor.digest);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().cls == ErrorClass::Integrity);
    CHECK_THAT(answer.error().message, Catch::Contains("16 MiB"));
  }
  SECTION("configs count too") {
    std::vector<std::string> children;
    for (const std::string seed : {"1", "2", "3", "4", "5"}) {
      const auto config = config_of("linux", "arm" + seed, 1);
      children.push_back(
          named(put(look.repository, {.config = config + std::string(kBig, ' '), .layer_types = {kLayer}})));
    }
    const auto answer = look.read(put_manifest(look.repository, content::kOciIndex, index_text(children)).digest);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().cls == ErrorClass::Integrity);
  }
}

TEST_CASE("the budget is used up to its last byte") {
  publish::ByteBudget budget;
  CHECK(budget.take(publish::kMaxHeldBytes - 1).has_value());
  CHECK(budget.take(1).has_value());
  CHECK(budget.take(0).has_value());
  CHECK(budget.take(1).error().cls == ErrorClass::Integrity);
}

TEST_CASE("no more of a config is read than can be understood") {
  Look look;
  REQUIRE(look.read(look.image.descriptor.digest).has_value());
  CHECK(look.source.largest_limit == content::kMaxManifestBytes);
}

}  // namespace slipway::tests

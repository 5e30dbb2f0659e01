#include "controller/sources/layout_images.h"

#include "controller/sources/folder_files.h"
#include "controller/sources/open_source_file.h"
#include "tests/catch.h"
#include "tests/support/image_files.h"

namespace slipway::sources {
namespace {

using content::Descriptor;
using tests::failure_of;
using tests::LayoutWriter;
using tests::TemporaryFolder;

/// A layout in a folder, opened as a resource would.
struct World {
  explicit World(const LayoutWriter& layout) {
    layout.write_to(folder, "image");
    SourceSpec spec;
    spec.oci_layout = LayoutSource{.path = "image", .image = {}};
    auto opened = open_source_file(folder.path(), spec, folder.path().string());
    if (!opened) throw std::runtime_error{opened.error().message};
    source = std::move(*opened);
  }
  /// The digest behind the tag, "none", or the error.
  std::string resolve(const std::string& tag) const {
    const auto found = source->resolve(tag, {});
    if (!found) return failure_of(found);
    return *found ? (*found)->digest.str() : "none";
  }
  TemporaryFolder folder;
  std::unique_ptr<ImageSource> source;
};

std::string subject_of(const Descriptor& image, const std::string& artifact_type = "a/b") {
  return R"(,"artifactType":")" + artifact_type + R"(","subject":)" + tests::json_of(image) +
         R"(,"annotations":{"n":"1"})";
}

std::string attached_tag(const Descriptor& image, const std::string& ending) {
  return "sha256-" + std::string(image.digest.hex()) + ending;
}

TEST_CASE("An image is found by its ref.name or its full name, or because it is the only one") {
  LayoutWriter layout;
  const auto one = layout.image("one");
  const auto two = layout.image("two");
  layout.list_as(one, "v1");
  layout.list(two,
              {{"io.containerd.image.name", "docker.io/library/app:2"}, {"org.opencontainers.image.ref.name", "2"}});
  const World world(layout);
  CHECK(world.resolve("v1") == one.digest.str());
  for (const std::string name : {"2", "app:2", "docker.io/library/app:2"})
    CHECK(world.resolve(name) == two.digest.str());
  for (const std::string name : {"v2", "app", "app:1", "library/app"})
    CHECK(world.resolve(name) ==
          "NotFound: it has no image \"" + name + R"("; it holds "v1", "docker.io/library/app:2")");
  CHECK(world.resolve("") == R"(Invalid: image: there are 2 images to choose from: "v1", "docker.io/library/app:2")");
}

TEST_CASE("Who asks for an image that is not there learns which are, and which field to change") {
  const bool is_folder = GENERATE(true, false);
  LayoutWriter layout;
  std::string held;
  std::string to_do;
  SECTION("with names") {
    const auto one = layout.image("one");
    layout.list_as(one, "v1");
    layout.list_as(one, "v1");
    layout.list_as(one, "latest");
    layout.list_as(layout.image("signature"), attached_tag(one, ".sig"));
    layout.list(layout.image("no name"));
    held = R"(; it holds "v1", "latest")";
    to_do = R"(name one of them in FIELD, or write "v2" there)";
  }
  SECTION("with many names") {
    const auto one = layout.image("one");
    for (char name = 'a'; name <= 'k'; ++name) layout.list_as(one, std::string(1, name));
    held = R"(; it holds "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", …)";
    to_do = R"(name one of them in FIELD, or write "v2" there)";
  }
  SECTION("without one") {
    layout.list(layout.image("no name"));
    held = "; what it holds has no name";
    to_do = R"(remove FIELD if it holds one image, else name its digest in spec.source.digest; or write "v2" there)";
  }
  SECTION("nothing") {
    layout.files["index.json"] = R"({"schemaVersion":2,"manifests":[]})";
    held = ", nor any other";
    to_do = R"(write "v2" there)";
  }
  std::string field;
  SourceSpec spec;
  const TemporaryFolder folder;
  if (is_folder) {
    layout.write_to(folder, "image");
    spec.oci_layout = LayoutSource{.path = "image", .image = "v2"};
    field = "spec.source.ociLayout.image";
  } else {
    folder.write("image", tests::tar_of(layout.files));
    spec.oci_archive = LayoutSource{.path = "image", .image = "v2"};
    field = "spec.source.ociArchive.image";
  }
  const auto source = open_source_file(folder.path(), spec, folder.path().string());
  REQUIRE(source);
  const auto found = (*source)->resolve("v2", {});
  REQUIRE(!found);
  CHECK(found.error().cls == ErrorClass::NotFound);
  CHECK(found.error().message == R"(it has no image "v2")" + held);
  if (const auto at = to_do.find("FIELD"); at != std::string::npos) to_do.replace(at, 5, field);
  CHECK(found.error().remedy == to_do);
}

TEST_CASE("What belongs to an image is no image to choose") {
  LayoutWriter layout;
  const auto image = layout.image("layer");
  const auto index = layout.index({image});
  layout.list(image);  // As ORAS does: parts of an index are listed too.
  layout.list_as(index, "v1");
  layout.list_as(index, "latest");
  layout.list(layout.image("sbom", subject_of(index)));
  layout.list_as(layout.image("signature"), attached_tag(index, ".sig"));
  layout.list_as(layout.index({}), attached_tag(index, ""));
  layout.list(layout.image("signature 2"), {{"kind", "dev.cosignproject.cosign/sigs"}});
  const World world(layout);
  CHECK(world.resolve("") == index.digest.str());
}

TEST_CASE("Names that several images have are refused, with the choices") {
  LayoutWriter layout;
  const auto amd64 = layout.image("a");
  const auto arm64 = layout.image("b");
  layout.list_as(amd64, "v1");
  layout.list_as(arm64, "v1");
  layout.list(layout.image("c"));
  const World world(layout);
  CHECK(world.resolve("v1") == R"(Invalid: image: there are 2 images to choose from: "v1" ()" + amd64.digest.str() +
                                   R"(), "v1" ()" + arm64.digest.str() + ")");
  CHECK(world.resolve("").find("3 images") != std::string::npos);
}

TEST_CASE("Manifests and blobs come as they are, from any offset") {
  LayoutWriter layout;
  const std::string layer = tests::noise(700'000, 1);
  const auto image = layout.image(layer);
  const auto index = layout.index({image});
  layout.list_as(index, "v1");
  const World world(layout);
  for (const auto& each : {image, index}) {
    const auto manifest = world.source->manifest(each.digest, {});
    REQUIRE(manifest);
    CHECK((manifest->descriptor == each));
    CHECK(Digest::of(manifest->bytes) == each.digest);
    CHECK((world.source->find_manifest(each.digest, {}).value() == std::optional(each)));
  }
  const auto parsed = std::get<content::ImageManifest>(
      content::parse_manifest(world.source->manifest(image.digest, {}).value()).value());
  for (const std::int64_t offset : {0, 1, 699'999, 700'000})
    CHECK(
        (tests::read_from(*world.source, parsed.layers[0], offset) == layer.substr(static_cast<std::size_t>(offset))));
  CHECK(world.source->small_blob(parsed.config, 4096, {}).value().starts_with("{\"os\""));
  CHECK(failure_of(world.source->small_blob(parsed.layers[0], 4096, {})).starts_with("Integrity"));
  CHECK(failure_of(world.source->manifest(Digest::of("none"), {})).starts_with("NotFound"));
  CHECK((world.source->find_manifest(Digest::of("none"), {}).value() == std::nullopt));
}

TEST_CASE("A manifest without a media type is read by its shape") {
  LayoutWriter layout;
  const auto image = layout.image("x");
  const auto bare = layout.blob(R"({"schemaVersion":2,"manifests":[]})", content::kOciIndex);
  const auto other = layout.blob(R"({"schemaVersion":2,"config":)" + tests::json_of(image) + R"(,"layers":[]})",
                                 content::kOciManifest);
  layout.list_as(bare, "index");
  layout.list_as(other, "image");
  const World world(layout);
  CHECK((world.source->resolve("index", {}).value() == std::optional(bare)));
  CHECK((world.source->resolve("image", {}).value() == std::optional(other)));
}

TEST_CASE("Referrers are those that name the subject and those under the fallback tag") {
  LayoutWriter layout;
  const auto image = layout.image("layer");
  const auto sbom = layout.image("sbom", subject_of(image, "application/spdx+json"));
  const auto plain = layout.image("plain", R"(,"subject":)" + tests::json_of(image));
  auto listed = layout.image("listed", subject_of(image));
  listed.annotations["n"] = "1";
  layout.list_as(image, "v1");
  layout.list(sbom);
  layout.list_as(sbom, "also-tagged");
  layout.list(plain);
  layout.list(layout.image("other", subject_of(layout.image("else"))));
  layout.list_as(layout.index({listed, sbom}), attached_tag(image, ""));
  const World world(layout);
  const auto found = world.source->referrers(image.digest, {});
  REQUIRE(found);
  REQUIRE(found->size() == 3);
  CHECK((*found)[0].digest == sbom.digest);
  CHECK((*found)[0].artifact_type == "application/spdx+json");
  for (const auto& each : *found) CHECK(each.annotations.empty());  // Those of many would take much memory.
  CHECK((*found)[1].digest == plain.digest);
  CHECK((*found)[1].artifact_type == content::kOciConfig);
  CHECK((*found)[2].digest == listed.digest);
  CHECK(world.source->referrers(sbom.digest, {}).value().empty());
}

TEST_CASE("Types of referrers are kept as long as they may be") {
  LayoutWriter layout;
  const auto image = layout.image("layer");
  layout.list_as(image, "v1");
  layout.list(layout.image("sbom", subject_of(image, "a/" + std::string(10'000, 'b'))));
  const World world(layout);
  CHECK(world.source->referrers(image.digest, {}).value().at(0).artifact_type == "a/" + std::string(253, 'b'));
}

TEST_CASE("Indexes that have very many parts in all are not read to their end") {
  LayoutWriter layout;
  const auto image = layout.image("layer");
  const bool are_many = GENERATE(false, true);
  for (std::size_t i = 0; i < (are_many ? 110U : 100U); ++i)
    layout.list(layout.index(std::vector<Descriptor>(1'000 - i, image)));
  layout.list_as(image, "v1");
  const World world(layout);
  CHECK(failure_of(world.source->referrers(image.digest, {})).starts_with("Integrity") == are_many);
}

TEST_CASE("Signatures are found under their tags, those of cosign save too") {
  LayoutWriter layout;
  const auto tagged = layout.image("tagged");
  const auto sbom = layout.image("sbom");
  const auto saved = layout.image("saved");
  const auto signature = layout.image("signature");
  layout.list_as(tagged, "v1");
  layout.list_as(sbom, attached_tag(tagged, ".sbom"));
  const std::string name = "org.opencontainers.image.ref.name";
  layout.list(saved, {{"kind", "dev.cosignproject.cosign/image"}, {name, "ghcr.io/a/b:1"}});
  layout.list(signature, {{"kind", "dev.cosignproject.cosign/sigs"}, {name, "ghcr.io/a/b:1"}});
  const World world(layout);
  CHECK(world.resolve(attached_tag(tagged, ".sbom")) == sbom.digest.str());
  CHECK(world.resolve(attached_tag(tagged, ".sig")) == "none");
  CHECK(world.resolve(attached_tag(saved, ".sig")) == signature.digest.str());
  CHECK(world.resolve(attached_tag(saved, ".att")) == "none");
  CHECK(world.resolve("ghcr.io/a/b:1") == saved.digest.str());
}

TEST_CASE("A layout that lies is found out") {
  struct Row {
    std::string situation;
    std::function<void(LayoutWriter&, const Descriptor&)> break_it;
    std::string found;
  };
  const auto file_of = [](const Descriptor& of) { return "blobs/sha256/" + std::string(of.digest.hex()); };
  const std::string index_json = "index.json";
  const std::vector<Row> rows = {
      {"no oci-layout", [](auto& layout, auto&) { layout.files.erase("oci-layout"); },
       "Invalid: image: it is no OCI layout: oci-layout is missing"},
      {"another version", [](auto& layout, auto&) { layout.files["oci-layout"] = R"({"imageLayoutVersion":"2.0"})"; },
       "Invalid: image: oci-layout names the version \"2.0\", not 1.0.0"},
      {"an oci-layout that is no JSON", [](auto& layout, auto&) { layout.files["oci-layout"] = "x"; }, "Invalid"},
      {"no index.json", [&](auto& layout, auto&) { layout.files.erase(index_json); },
       "Invalid: image: it is no OCI layout: index.json is missing"},
      {"half an index.json", [&](auto& layout, auto&) { layout.files[index_json].resize(40); },
       "Integrity: image: index.json"},
      {"an index.json that is too large",
       [&](auto& layout, auto&) { layout.files[index_json].resize((4u << 20) + 1, ' '); },
       "Integrity: image: \"index.json\" has 4194305 bytes"},
      {"an index.json nested deeply",
       [&](auto& layout, auto&) { layout.files[index_json] = std::string(100'000, '['); },
       "Integrity: image: index.json"},
      {"an index.json with a path for a digest",
       [&](auto& layout, auto&) {
         layout.files[index_json] =
             R"({"schemaVersion":2,"manifests":[{"mediaType":"a/b","size":1,"digest":"sha256:../../secret"}]})";
       },
       "Integrity: image: index.json"},
      {"a manifest that is not there", [&](auto& layout, auto& image) { layout.files.erase(file_of(image)); },
       "NotFound: image: \"blobs/sha256/"},
      {"a manifest with other bytes", [&](auto& layout, auto& image) { layout.files[file_of(image)][10] ^= 1; },
       "Integrity: image: the bytes of sha256:"},
      {"a manifest of another size",
       [&](auto& layout, auto& image) {
         auto lie = image;
         lie.size += 1;
         layout.files[index_json] = R"({"schemaVersion":2,"manifests":[)" + tests::json_of(lie) + "]}";
       },
       "Integrity: image: manifest sha256:"},
      {"a manifest of another media type",
       [&](auto& layout, auto& image) {
         auto lie = image;
         lie.media_type = content::kOciIndex;
         layout.files[index_json] = R"({"schemaVersion":2,"manifests":[)" + tests::json_of(lie) + "]}";
       },
       "Integrity: image: manifest sha256:"},
      {"no manifest at all",
       [&](auto& layout, auto&) { layout.files[index_json] = R"({"schemaVersion":2,"manifests":[]})"; }, "none"},
  };
  for (const auto& row : rows) {
    INFO(row.situation);
    LayoutWriter layout;
    const auto image = layout.image("layer");
    layout.list(image);
    row.break_it(layout, image);
    const World world(layout);
    const std::string found = world.resolve("");
    INFO(found);
    CHECK(found.starts_with(row.found));
  }
}

TEST_CASE("A blob that is missing, of another size or a link outwards is not read") {
  LayoutWriter layout;
  layout.list(layout.image("layer"));
  auto blob = layout.blob("0123456789", "a/b");
  const World world(layout);
  auto larger = blob;
  larger.size = 11;
  CHECK(failure_of(tests::read_from(*world.source, larger, 0)).starts_with("Integrity"));
  CHECK(failure_of(tests::read_from(*world.source, blob, 11)).starts_with("Internal"));
  CHECK(failure_of(world.source->small_blob(larger, 100, {})).starts_with("Integrity"));
  Descriptor gone = blob;
  gone.digest = Digest::of("gone");
  CHECK(failure_of(tests::read_from(*world.source, gone, 0)).starts_with("NotFound"));
  const auto file = world.folder / "image" / "blobs/sha256" / std::string(gone.digest.hex());
  std::filesystem::create_symlink("/etc/passwd", file);
  CHECK(failure_of(tests::read_from(*world.source, gone, 0)).starts_with("Refused"));
  world.folder.write("image/blobs/sha256/" + std::string(blob.digest.hex()), "9876543210");
  CHECK(failure_of(world.source->small_blob(blob, 100, {})).starts_with("Integrity: image: the bytes of"));
}

}  // namespace
}  // namespace slipway::sources

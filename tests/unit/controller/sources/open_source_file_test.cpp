#include "controller/sources/open_source_file.h"

#include <cstdlib>

#include "tests/catch.h"
#include "tests/support/image_files.h"
#include "tests/support/lacks.h"

namespace slipway::sources {
namespace {

using content::Descriptor;
using tests::failure_of;
using tests::LayoutWriter;
using tests::TemporaryFolder;

SourceSpec layout_at(const std::string& path) {
  SourceSpec spec;
  spec.oci_layout = LayoutSource{.path = path, .image = {}};
  return spec;
}
SourceSpec archive_at(const std::string& path) {
  SourceSpec spec;
  spec.oci_archive = LayoutSource{.path = path, .image = {}};
  return spec;
}
SourceSpec docker_at(const std::string& path) {
  SourceSpec spec;
  spec.docker_archive = DockerArchiveSource{.path = path, .image = {}};
  return spec;
}

TEST_CASE("A source's path starts at the resource's folder and stays inside the root") {
  const TemporaryFolder folder;
  LayoutWriter layout;
  layout.list_as(layout.image("x"), "v1");
  layout.write_to(folder, "root/image");
  layout.write_to(folder, "outside");
  folder.write("root/team/image.tar", tests::tar_of(layout.files));
  folder.write("secret.tar", tests::tar_of(layout.files));
  std::filesystem::create_symlink("../../secret.tar", folder / "root/team/link.tar");
  std::filesystem::create_symlink("../../outside", folder / "root/team/link");
  struct Row {
    SourceSpec spec;
    std::string found;  ///< How the error starts; empty: it opens.
  };
  const std::vector<Row> rows = {
      {layout_at("../image"), ""},
      {archive_at("image.tar"), ""},
      {archive_at("./image.tar"), ""},
      {docker_at("image.tar"), ""},
      {layout_at("../../outside"), "Refused"},
      {layout_at("link"), "Refused"},
      {archive_at("../../secret.tar"), "Refused"},
      {archive_at("link.tar"), "Refused"},
      {docker_at("/etc/passwd"), "Refused"},
      {layout_at("none"), "NotFound"},
      {archive_at("none.tar"), "NotFound"},
      {layout_at("image.tar"), "Invalid: image.tar is no folder"},
      {archive_at("../image"), "Invalid: \"../image\" is no regular file"},
      {SourceSpec{}, "Internal"},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO("row " << i);
    const auto opened = open_source_file(folder / "root", rows[i].spec, (folder / "root/team").string());
    CHECK((rows[i].found.empty() ? opened.has_value() : failure_of(opened).starts_with(rows[i].found)));
    if (!opened) CHECK_FALSE(opened.error().remedy.empty());
  }
}

TEST_CASE("Opening reads nothing yet; what is wrong is said when it is asked for, and what to give instead") {
  const TemporaryFolder folder;
  folder.write("text", "no archive");
  folder.write("docker.tar", tests::tar_of({{"manifest.json", "[]"}}));
  folder.write("other.tar", tests::tar_of({{"hello", "x"}}));
  const auto resolve = [&](const SourceSpec& spec) {
    return failure_of(open_source_file(folder.path(), spec, folder.path().string()).value()->resolve("", {}));
  };
  CHECK(resolve(archive_at("text")).starts_with("Integrity: text: it is no whole tar"));
  CHECK(resolve(archive_at("docker.tar")) ==
        "Invalid: docker.tar: it is what docker save writes, not an OCI layout: oci-layout is missing");
  CHECK(open_source_file(folder.path(), archive_at("docker.tar"), folder.path().string())
            .value()
            ->resolve("", {})
            .error()
            .remedy == "give it as source.dockerArchive: {path: docker.tar}");
  CHECK(resolve(archive_at("other.tar")) == "Invalid: other.tar: it is no OCI layout: oci-layout is missing");
  CHECK(resolve(docker_at("other.tar")) ==
        "Invalid: other.tar: it is no docker save archive: manifest.json is missing");
  LayoutWriter layout;
  layout.list_as(layout.image("x"), "v1");
  folder.write("oci.tar", tests::tar_of(layout.files));
  CHECK(resolve(docker_at("oci.tar")) ==
        "Invalid: oci.tar: it is an OCI archive, not what docker save writes: manifest.json is missing");
  CHECK(open_source_file(folder.path(), docker_at("oci.tar"), folder.path().string())
            .value()
            ->resolve("", {})
            .error()
            .remedy == "give it as source.ociArchive: {path: oci.tar}");
}

TEST_CASE("A folder that is no layout is told by what wrote it, with what makes it something to give") {
  const TemporaryFolder folder;
  folder.write("saved/manifest.json", R"([{"Config":"a.json","RepoTags":null,"Layers":[]}])");
  folder.write("dir/manifest.json", R"({"schemaVersion":2,"layers":[]})");
  folder.write("docker.tar", tests::tar_of({{"manifest.json", "[]"}}));
  const auto told = [&](const SourceSpec& spec) {
    const auto opened = open_source_file(folder.path(), spec, folder.path().string());
    const Error error = opened ? (*opened)->resolve("", {}).error() : opened.error();
    return error.message + "; to do: " + error.remedy;
  };
  CHECK(told(layout_at("saved")) ==
        "saved: it is what docker save writes, not an OCI layout: oci-layout is missing; to do: pack it (tar -cf "
        "image.tar -C saved .), and give the archive as source.dockerArchive: {path: image.tar}");
  CHECK(told(layout_at("dir")) ==
        "dir: it is what skopeo writes to dir:, not an OCI layout: oci-layout is missing; to do: make a layout of it "
        "(skopeo copy dir:dir oci:layout), and name that");
  CHECK(told(archive_at("docker.tar")) ==
        "docker.tar: it is what docker save writes, not an OCI layout: oci-layout is missing; to do: give it as "
        "source.dockerArchive: {path: docker.tar}");
  CHECK(told(docker_at("saved")) ==
        "\"saved\" is no regular file; to do: name an archive (tar -cf image.tar -C saved . makes one of a folder that "
        "was unpacked); the folder of an OCI layout is given as source.ociLayout: {path: saved}");
}

TEST_CASE("An archive that is replaced meanwhile is read on as it was") {
  const TemporaryFolder folder;
  LayoutWriter layout;
  const auto image = layout.image("x");
  layout.list(image);
  folder.write("image.tar", tests::tar_of(layout.files));
  const auto source = open_source_file(folder.path(), archive_at("image.tar"), folder.path().string()).value();
  folder.write("new.tar", "something else");
  std::filesystem::rename(folder / "new.tar", folder / "image.tar");
  CHECK(source->resolve("", {}).value().value().digest == image.digest);
}

/// Reads all that `digest` names, each blob whole and from its middle, and holds it against its descriptor. Gives the
/// number of blobs.
std::size_t read_everything(ImageSource& source, const Digest& digest) {
  const auto bytes = source.manifest(digest, {}).value();
  const auto manifest = content::parse_manifest(bytes).value();
  std::size_t count = 0;
  if (const auto* index = std::get_if<content::ImageIndex>(&manifest)) {
    for (const auto& child : index->manifests) count += read_everything(source, child.digest);
    return count;
  }
  const auto& image = std::get<content::ImageManifest>(manifest);
  std::vector<Descriptor> blobs = image.layers;
  blobs.push_back(image.config);
  for (const auto& blob : blobs) {
    const std::string whole = tests::read_from(source, blob, 0).value();
    CHECK(static_cast<std::int64_t>(whole.size()) == blob.size);
    CHECK(Digest::of(whole) == blob.digest);
    const std::int64_t middle = blob.size / 2;
    CHECK((tests::read_from(source, blob, middle) == whole.substr(static_cast<std::size_t>(middle))));
    ++count;
  }
  return count;
}

/// Runs a command in the folder; false when it fails.
bool run(const TemporaryFolder& folder, const std::string& command) {
  return std::system(("cd '" + folder.path().string() + "' && " + command + " >log 2>&1").c_str()) == 0;
}

bool has_skopeo() {
  return std::system("command -v skopeo >/dev/null 2>&1") == 0;
}

std::string make_image(const std::string& arguments) {
  return "'" SLIPWAY_SOURCE_DIR "/tests/support/make-image' " + arguments;
}

std::size_t blobs_in(const TemporaryFolder& folder, const SourceSpec& spec, const std::string& tag) {
  const auto source = open_source_file(folder.path(), spec, folder.path().string()).value();
  return read_everything(*source, source->resolve(tag, {}).value().value().digest);
}

TEST_CASE("What make-image writes is read whole: layouts, indexes, archives") {
  const TemporaryFolder folder;
  REQUIRE(run(folder, make_image("layout one --layer 300K --layer 100 --gzip --tag v1")));
  REQUIRE(run(folder, make_image("index many --layer 100K --platform linux/amd64 --platform linux/arm64")));
  REQUIRE(run(folder, make_image("archive one.tar --layer 300K --layer 100 --gzip --tag v1")));
  REQUIRE(run(folder, make_image("docker-archive docker.tar --layer 300K --layer 100 --tag app:1")));
  REQUIRE(run(folder, "gzip -k one.tar docker.tar"));
  CHECK(blobs_in(folder, layout_at("one"), "v1") == 3);
  CHECK(blobs_in(folder, layout_at("many"), "") == 4);
  for (const std::string name : {"one.tar", "one.tar.gz"}) CHECK(blobs_in(folder, archive_at(name), "v1") == 3);
  for (const std::string name : {"docker.tar", "docker.tar.gz"}) CHECK(blobs_in(folder, docker_at(name), "app:1") == 3);
}

TEST_CASE("What skopeo writes is read whole, with the digests that skopeo names") {
  if (tests::lacks(has_skopeo(), "skopeo")) return;
  const TemporaryFolder folder;
  const std::string copy = "skopeo --insecure-policy copy -q ";
  REQUIRE(run(folder, make_image("layout one --layer 300K --layer 100 --gzip --tag v1")));
  REQUIRE(run(folder, make_image("index many --layer 100K --platform linux/amd64 --platform linux/arm64 --tag v1")));
  REQUIRE(run(folder, copy + "oci:one:v1 oci-archive:one.tar:v1"));
  REQUIRE(run(folder, copy + "--all --preserve-digests oci:many:v1 oci:copied:v2"));
  REQUIRE(run(folder, copy + "--dest-oci-accept-uncompressed-layers oci:one:v1 docker-archive:docker.tar:app:1"));
  REQUIRE(run(folder, "gzip -k one.tar docker.tar"));
  const auto root = [&](const SourceSpec& spec, const std::string& tag) {
    return open_source_file(folder.path(), spec, folder.path().string())
        .value()
        ->resolve(tag, {})
        .value()
        .value()
        .digest;
  };
  CHECK(root(archive_at("one.tar"), "v1") == root(layout_at("one"), "v1"));
  CHECK(root(archive_at("one.tar.gz"), "") == root(layout_at("one"), "v1"));
  CHECK(root(layout_at("copied"), "v2") == root(layout_at("many"), "v1"));
  CHECK(blobs_in(folder, archive_at("one.tar"), "v1") == 3);
  CHECK(blobs_in(folder, layout_at("copied"), "v2") == 4);
  for (const std::string name : {"docker.tar", "docker.tar.gz"}) CHECK(blobs_in(folder, docker_at(name), "app:1") == 3);
  CHECK(root(docker_at("docker.tar"), "") == root(docker_at("docker.tar.gz"), "docker.io/library/app:1"));
}

}  // namespace
}  // namespace slipway::sources

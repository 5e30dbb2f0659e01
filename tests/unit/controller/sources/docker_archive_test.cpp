#include "controller/sources/docker_archive.h"

#include "controller/sources/docker_images.h"
#include "controller/sources/open_source_file.h"
#include "controller/sources/saved_images.h"
#include "tests/catch.h"
#include "tests/support/image_files.h"

namespace slipway::sources {
namespace {

using content::Descriptor;
using tests::failure_of;
using tests::LayoutWriter;
using tests::TarWriter;
using tests::TemporaryFolder;
using Files = std::map<std::string, std::string>;

struct World {
  explicit World(const std::string& tar) {
    folder.write("save.tar", tar);
    SourceSpec spec;
    spec.docker_archive = DockerArchiveSource{.path = "save.tar", .image = {}};
    auto opened = open_source_file(folder.path(), spec, folder.path().string());
    if (!opened) throw std::runtime_error{opened.error().message};
    source = std::move(*opened);
  }
  std::string resolve(const std::string& tag) const {
    const auto found = source->resolve(tag, {});
    if (!found) return failure_of(found);
    return *found ? (*found)->digest.str() : "none";
  }
  content::ImageManifest image(const std::string& tag) const {
    const auto digest = source->resolve(tag, {}).value().value().digest;
    const auto bytes = source->manifest(digest, {}).value();
    return std::get<content::ImageManifest>(content::parse_manifest(bytes).value());
  }
  TemporaryFolder folder;
  std::unique_ptr<ImageSource> source;
};

std::string config_of(const std::vector<std::string>& plain_layers) {
  std::string ids;
  for (const auto& layer : plain_layers) ids += (ids.empty() ? "\"" : ",\"") + Digest::of(layer).str() + "\"";
  return R"({"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[)" + ids + "]}}";
}

std::string config_name(const std::string& config) {
  return std::string(Digest::of(config).hex()) + ".json";
}

/// What docker save before version 25 writes about one image with these layers, under id/layer.tar.
Files saved(const std::string& tag, const std::vector<std::string>& layers) {
  Files files;
  std::string names;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string name = tag.substr(0, 1) + std::to_string(i) + "/layer.tar";
    files[name] = layers[i];
    names += (names.empty() ? "\"" : ",\"") + name + "\"";
  }
  const std::string config = config_of(layers);
  files[config_name(config)] = config;
  files["manifest.json"] =
      R"([{"Config":")" + config_name(config) + R"(","RepoTags":[")" + tag + R"("],"Layers":[)" + names + "]}]";
  return files;
}

TEST_CASE("The manifest that docker save does not write has the same bytes for ever") {
  const World world(tests::tar_of(saved("app:1", {"layer one", "layer two"})));
  const auto root = world.source->resolve("app:1", {}).value().value();
  const auto manifest = world.source->manifest(root.digest, {}).value();
  CHECK((manifest.descriptor == root));
  CHECK(root.media_type == content::kDockerManifest);
  CHECK(manifest.bytes ==
        R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",)"
        R"("config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":)" +
            std::to_string(config_of({"layer one", "layer two"}).size()) + R"(,"digest":")" +
            Digest::of(config_of({"layer one", "layer two"})).str() +
            R"("},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar","size":9,"digest":")" +
            Digest::of("layer one").str() +
            R"("},{"mediaType":"application/vnd.docker.image.rootfs.diff.tar","size":9,"digest":")" +
            Digest::of("layer two").str() + R"("}]})");
  CHECK(root.digest.str() == "sha256:e26cd1979c828b4999386ceda1f195c2179a4bd8559c7885a8159f55a9b9e1a4");
  CHECK((world.source->find_manifest(root.digest, {}).value() == std::optional(root)));
  CHECK(world.source->referrers(root.digest, {}).value().empty());
}

TEST_CASE("A manifest and its layers are found by digest without asking for a tag first") {
  const std::string tar = tests::tar_of(saved("app:1", {"layer one", "layer two"}));
  const Digest root = World(tar).source->resolve("", {}).value().value().digest;
  CHECK(World(tar).source->manifest(root, {}).value().descriptor.digest == root);
  Descriptor layer;
  layer.digest = Digest::of("layer two");
  layer.size = 9;
  CHECK((tests::read_from(*World(tar).source, layer, 6) == "two"));
  layer.digest = Digest::of("none");
  CHECK(failure_of(tests::read_from(*World(tar).source, layer, 0)).starts_with("NotFound"));
  CHECK(failure_of(World(tar).source->manifest(Digest::of("none"), {})).starts_with("NotFound"));
}

TEST_CASE("One of several images is chosen by any of its tags") {
  Files files = saved("app:1", {"one"});
  for (auto& [name, content] : saved("web:2", {"two"}))
    if (name == "manifest.json")
      files[name] = files[name].substr(0, files[name].size() - 1) + "," + content.substr(1);
    else
      files[name] = content;
  const World world(tests::tar_of(files));
  for (const std::string name : {"app:1", "docker.io/library/app:1", "library/app:1"})
    CHECK(world.image(name).layers[0].digest == Digest::of("one"));
  CHECK(world.image("web:2").layers[0].digest == Digest::of("two"));
  for (const std::string name : {"app", "web:1", "1"})
    CHECK(world.resolve(name) == "NotFound: it has no image \"" + name + R"("; it holds "app:1", "web:2")");
  CHECK(world.resolve("sha256-" + std::string(64, '0') + ".sig") == "none");
  CHECK(world.resolve("") == R"(Invalid: save.tar: there are 2 images to choose from: "app:1", "web:2")");
}

TEST_CASE("Layers are published as they lie in the archive, and typed as they are") {
  const std::string plain = tests::noise(5000, 1);
  Files files = saved("app:1", {plain, plain + "2", plain + "3"});
  files["a0/layer.tar"] = tests::packed(plain, "gzip");
  files["a1/layer.tar"] = tests::packed(plain + "2", "zstd");
  for (const std::string packer : {"", "gzip", "zstd"}) {
    INFO("packed by " << packer);
    const World world(tests::packed(tests::tar_of(files), packer));
    const auto image = world.image("");
    REQUIRE(image.layers.size() == 3);
    const std::string type = "application/vnd.docker.image.rootfs.diff.tar";
    for (std::size_t i = 0; i < 3; ++i) {
      const std::string stored = files["a" + std::to_string(i) + "/layer.tar"];
      CHECK(image.layers[i].media_type == type + std::vector<std::string>{".gzip", ".zstd", ""}[i]);
      CHECK(image.layers[i].digest == Digest::of(stored));
      CHECK((tests::read_from(*world.source, image.layers[i], 10) == stored.substr(10)));
    }
    CHECK(Digest::of(world.source->small_blob(image.config, 1 << 20, {}).value()) == image.config.digest);
  }
}

/// Files in memory that count what is read.
class CountingFiles final : public FileSet {
 public:
  explicit CountingFiles(Files files) : files_(std::move(files)) {}
  Result<std::optional<std::int64_t>> size_of(const std::string& file, std::stop_token) override {
    const auto found = files_.find(file);
    if (found == files_.end()) return std::nullopt;
    return static_cast<std::int64_t>(found->second.size());
  }
  Result<void> read(const FilePart& part, const BlobSink& sink, std::stop_token) override {
    bytes_read += part.count;
    const std::string_view bytes = files_.at(part.file);
    const std::string_view asked =
        bytes.substr(static_cast<std::size_t>(part.offset), static_cast<std::size_t>(part.count));
    return sink(std::as_bytes(std::span(asked.data(), asked.size())));
  }
  std::int64_t bytes_read = 0;

 private:
  Files files_;
};

TEST_CASE("A packed file that many layers name is read once") {
  const std::string plain = tests::noise(50'000, 1);
  const std::string layer = tests::packed(plain, "gzip");
  const std::string config = config_of(std::vector<std::string>(100, plain));
  std::string names = "\"layer.tar\"";
  for (int i = 1; i < 100; ++i) names += ",\"layer.tar\"";
  const auto files = std::make_shared<CountingFiles>(
      Files{{"layer.tar", layer},
            {config_name(config), config},
            {"manifest.json",
             R"([{"Config":")" + config_name(config) + R"(","RepoTags":["app:1"],"Layers":[)" + names + "]}]"}});
  DockerImages images("save.tar", files);
  REQUIRE(images.resolve("", {}).value());
  CHECK(files->bytes_read < 2 * static_cast<std::int64_t>(layer.size()));
}

TEST_CASE("Layers may be links to those of another image, as old versions write them") {
  Files files = saved("app:1", {"same"});
  TarWriter writer;
  for (const auto& [name, content] : files)
    if (name == "a0/layer.tar")
      writer.symlink(name, "../x/layer.tar").file("x/layer.tar", content).file("a0/VERSION", "1.0");
    else
      writer.file(name, content);
  const World world(writer.end());
  CHECK((tests::read_from(*world.source, world.image("").layers[0], 0) == "same"));
  CHECK(world.image("").layers[0].size == 4);
}

TEST_CASE("Of an archive that is an OCI layout too, the layout's own manifest is published") {
  LayoutWriter layout;
  const auto image = layout.image("layer");
  layout.list(image,
              {{"io.containerd.image.name", "docker.io/library/app:1"}, {"org.opencontainers.image.ref.name", "1"}});
  const auto parsed = std::get<content::ImageManifest>(
      content::parse_manifest({image, layout.files["blobs/sha256/" + std::string(image.digest.hex())]}).value());
  layout.files["manifest.json"] = R"([{"Config":"blobs/sha256/)" + std::string(parsed.config.digest.hex()) +
                                  R"(","RepoTags":["app:1"],"Layers":["blobs/sha256/)" +
                                  std::string(parsed.layers[0].digest.hex()) + R"("]}])";
  const World whole(tests::tar_of(layout.files));
  for (const std::string name : {"", "app:1"}) CHECK(whole.resolve(name) == image.digest.str());
  CHECK(whole.resolve("app:2") == R"(NotFound: it has no image "app:2"; it holds "app:1")");
  CHECK((tests::read_from(*whole.source, parsed.layers[0], 1) == "ayer"));

  layout.files.erase("index.json");
  const World without(tests::tar_of(layout.files));
  const auto made = without.image("app:1");
  CHECK(made.media_type == content::kDockerManifest);
  CHECK(made.layers[0].digest == parsed.layers[0].digest);
}

TEST_CASE("An archive that lies or is not whole is found out") {
  struct Row {
    std::string situation;
    std::function<void(Files&)> break_it;
    std::string found;
  };
  const std::string config = config_name(config_of({"layer"}));
  const std::vector<Row> rows = {
      {"no manifest.json", [](Files& files) { files.erase("manifest.json"); },
       "Invalid: save.tar: it is no docker save archive: manifest.json is missing"},
      {"half a manifest.json", [](Files& files) { files["manifest.json"].resize(20); },
       "Integrity: save.tar: manifest.json"},
      {"a manifest.json that is no list", [](Files& files) { files["manifest.json"] = "{}"; }, "Integrity"},
      {"a manifest.json of numbers", [](Files& files) { files["manifest.json"] = "[1]"; }, "Integrity"},
      {"layers that are no names", [](Files& files) { files["manifest.json"] = R"([{"Config":"c","Layers":[1]}])"; },
       "Integrity"},
      {"no image", [](Files& files) { files["manifest.json"] = "[]"; }, "none"},
      {"very many images",
       [](Files& files) {
         std::string list;
         for (int i = 0; i < 1001; ++i) list += (i == 0 ? "" : ",") + std::string(R"({"Config":"c"})");
         files["manifest.json"] = "[" + list + "]";
       },
       "Integrity"},
      {"a config that is not there", [&](Files& files) { files.erase(config); }, "NotFound: save.tar: \""},
      {"a config with other bytes", [&](Files& files) { files[config] += " "; }, "Integrity: save.tar: the bytes of"},
      {"a config that leads outside",
       [](Files& files) { files["manifest.json"] = R"([{"Config":"../../../etc/passwd","Layers":[]}])"; }, "NotFound"},
      {"a config without platform",
       [](Files& files) {
         files["c"] = "{}";
         files["manifest.json"] = R"([{"Config":"c","Layers":[]}])";
       },
       "Integrity"},
      {"fewer layers than diff_ids",
       [&](Files& files) { files["manifest.json"] = R"([{"Config":")" + config + R"(","Layers":[]}])"; },
       "Integrity: save.tar: manifest.json lists 0 layers"},
      {"a layer that is not there", [](Files& files) { files.erase("a0/layer.tar"); },
       "NotFound: save.tar: layer 1: \"a0/layer.tar\" is not there"},
  };
  for (const auto& row : rows) {
    INFO(row.situation);
    Files files = saved("app:1", {"layer"});
    row.break_it(files);
    const World world(tests::tar_of(files));
    const std::string found = world.resolve("");
    INFO(found);
    CHECK(found.starts_with(row.found));
  }
}

TEST_CASE("An archive whose entries have fewer than no bytes is not whole") {
  const auto [keyword, name] = GENERATE(table<std::string, std::string>({{"SCHILY.realsize=-5", "manifest.json"},
                                                                         {"GNU.sparse.realsize=-9", "manifest.json"},
                                                                         {"SCHILY.realsize=-5", "a0/layer.tar"}}));
  INFO(keyword + " of " + name);
  TarWriter writer;
  for (const auto& [file, content] : saved("app:1", {"layer"})) {
    const std::string record = ' ' + keyword + '\n';
    if (file == name) writer.pax(std::to_string(record.size() + 2) + record);
    writer.file(file, content);
  }
  const std::string found = World(writer.end()).resolve("");
  INFO(found);
  CHECK(found.starts_with("Integrity: save.tar: "));
}

TEST_CASE("One broken image does not keep another from being found by digest") {
  Files files = saved("app:1", {"one"});
  const auto good = World(tests::tar_of(files)).source->resolve("", {}).value().value().digest;
  files["manifest.json"] = R"([{"Config":"gone","Layers":[]},)" + files["manifest.json"].substr(1);
  const World world(tests::tar_of(files));
  CHECK(world.source->manifest(good, {}).value().descriptor.digest == good);
  CHECK(failure_of(world.source->manifest(Digest::of("none"), {})).find("gone") != std::string::npos);
}

}  // namespace
}  // namespace slipway::sources

#include "controller/sources/docker_images.h"

#include <algorithm>
#include <array>
#include <utility>

#include "controller/sources/blob_file.h"
#include "crds/base/text.h"

namespace slipway::sources {
namespace {

using content::Descriptor;
using content::ManifestBytes;

/// The digest that a config's file name promises ("0a1b….json"), if it does.
std::optional<Digest> promised_digest(std::string_view file) {
  file.remove_prefix(file.rfind('/') == std::string_view::npos ? 0 : file.rfind('/') + 1);
  const auto digest = Digest::parse("sha256:" + std::string(file.substr(0, file.find('.'))));
  return digest ? std::optional(*digest) : std::nullopt;
}

Descriptor descriptor_of(std::string_view media_type, const Digest& digest, std::int64_t size) {
  Descriptor out;
  out.media_type = media_type;
  out.digest = digest;
  out.size = size;
  return out;
}

}  // namespace

DockerImages::DockerImages(std::string name, std::shared_ptr<FileSet> files)
    : name_(std::move(name)), files_(std::move(files)) {}

Result<void> DockerImages::list_images(Known& known, const std::stop_token& stop) {
  if (known.images) return {};
  const Result<std::string> bytes = read_small(*files_, {.file = "manifest.json"}, stop);
  if (!bytes && bytes.error().cls == ErrorClass::NotFound)
    return fail(ErrorClass::Invalid, "it is no docker save archive: manifest.json is missing",
                "name what docker save wrote; an OCI archive is given as source.ociArchive: {path: " + name_ + "}");
  if (!bytes) return std::unexpected(bytes.error());
  Result<std::vector<SavedImage>> images = parse_saved_images(*bytes);
  if (!images) return std::unexpected(images.error());
  known.images = std::move(*images);
  return {};
}

Result<Digest> DockerImages::digest_of(const std::string& file, std::int64_t size, const std::stop_token& stop) {
  Hasher hasher;
  const BlobSink sink = [&hasher](std::span<const std::byte> bytes) -> Result<void> {
    hasher.update(bytes);
    return {};
  };
  const Result<void> read = files_->read({.file = file, .offset = 0, .count = size}, sink, stop);
  if (!read) return std::unexpected(read.error());
  return hasher.finish();
}

Result<Descriptor> DockerImages::config_of(const std::string& file, std::string& bytes, const std::stop_token& stop) {
  Result<std::string> read = read_small(*files_, {.file = file, .limit = content::kMaxManifestBytes}, stop);
  if (!read) return std::unexpected(read.error());
  bytes = std::move(*read);
  const Digest digest = Digest::of(bytes);
  if (const auto promised = promised_digest(file); promised && *promised != digest)
    return not_whole("the bytes of " + slipway::quoted(file) + " hash to " + digest.str());
  return descriptor_of(content::kDockerConfig, digest, static_cast<std::int64_t>(bytes.size()));
}

Result<Digest> DockerImages::packed_digest(Known& known, const std::string& file, std::int64_t size,
                                           const std::stop_token& stop) {
  if (const auto read = known.packed.find(file); read != known.packed.end()) return read->second;
  Result<Digest> digest = digest_of(file, size, stop);
  if (digest) known.packed.emplace(file, *digest);
  return digest;
}

Result<Descriptor> DockerImages::layer_of(Known& known, const std::string& file, const std::string& diff_id,
                                          const std::stop_token& stop) {
  const Result<std::optional<std::int64_t>> size = files_->size_of(file, stop);
  if (!size) return std::unexpected(size.error());
  if (!*size) return no_such_file(file);
  std::string start;
  const FilePart part{.file = file, .offset = 0, .count = std::min<std::int64_t>(**size, 4)};
  if (const Result<void> read = files_->read(part, added_to(start), stop); !read) return std::unexpected(read.error());
  const Packing packing = packing_of(std::as_bytes(std::span(start)));
  const Result<Digest> digest =
      packing == Packing::None ? Digest::parse(diff_id) : packed_digest(known, file, **size, stop);
  if (!digest) return std::unexpected(digest.error());
  return descriptor_of(layer_type(packing), *digest, **size);
}

Result<const ManifestBytes*> DockerImages::look_at(Known& known, std::size_t image, const std::stop_token& stop) {
  if (const auto made = known.manifests.find(image); made != known.manifests.end()) return &made->second;
  const SavedImage& saved = (*known.images)[image];
  std::string bytes;
  const Result<Descriptor> config = config_of(saved.config, bytes, stop);
  if (!config) return std::unexpected(config.error());
  const auto parsed = content::parse_config(bytes);
  if (!parsed) return while_doing(slipway::quoted(saved.config), parsed.error());
  if (parsed->diff_ids.size() != saved.layers.size())
    return not_whole("manifest.json lists " + std::to_string(saved.layers.size()) + " layers, " +
                     slipway::quoted(saved.config) + " has " + std::to_string(parsed->diff_ids.size()) + " diff_ids");
  std::vector<Descriptor> layers;
  for (std::size_t i = 0; i < saved.layers.size(); ++i) {
    Result<Descriptor> layer = layer_of(known, saved.layers[i], parsed->diff_ids[i], stop);
    if (!layer) return while_doing("layer " + std::to_string(i + 1), std::move(layer.error()));
    known.files.emplace(layer->digest, saved.layers[i]);
    layers.push_back(std::move(*layer));
  }
  known.files.emplace(config->digest, saved.config);
  return &known.manifests.emplace(image, docker_manifest(*config, layers)).first->second;
}

/// One image that is broken is no reason not to find another.
Result<void> DockerImages::look_until(const std::function<bool(const Known&)>& found, Known& known,
                                      const std::stop_token& stop) {
  if (Result<void> listed = list_images(known, stop); !listed) return listed;
  std::optional<Error> broken;
  for (std::size_t image = 0; image < known.images->size() && !found(known); ++image) {
    Result<const ManifestBytes*> made = look_at(known, image, stop);
    if (made) continue;
    const bool about_content = made.error().cls == ErrorClass::Integrity || made.error().cls == ErrorClass::NotFound;
    if (!about_content) return std::unexpected(std::move(made.error()));
    if (!broken) broken = std::move(made.error());
  }
  if (found(known) || !broken) return {};
  return std::unexpected(std::move(*broken));
}

Result<ManifestBytes> DockerImages::find(const Digest& digest, const std::stop_token& stop) {
  const auto wanted = [&digest](const auto& each) { return each.second.descriptor.digest == digest; };
  auto known = known_.lock();  // Held while reading: the others wait for what is learnt instead of reading too.
  const Result<void> looked =
      look_until([&](const Known& each) { return std::ranges::any_of(each.manifests, wanted); }, *known, stop);
  if (!looked) return std::unexpected(looked.error());
  const auto found = std::ranges::find_if(known->manifests, wanted);
  if (found != known->manifests.end()) return found->second;
  return fail(ErrorClass::NotFound, "it holds no image " + digest.str(), "check the digest");
}

Result<std::string> DockerImages::file_of(const Digest& digest, const std::stop_token& stop) {
  auto known = known_.lock();  // As in find().
  const Result<void> looked = look_until([&](const Known& each) { return each.files.contains(digest); }, *known, stop);
  if (!looked) return while_doing(name_, looked.error());
  const auto found = known->files.find(digest);
  if (found != known->files.end()) return found->second;
  return fail(ErrorClass::NotFound, name_ + ": no image has a layer " + digest.str(), "check the digest");
}

Result<std::optional<Descriptor>> DockerImages::resolve(const std::string& tag, std::stop_token stop) {
  auto known = known_.lock();  // As in find().
  if (Result<void> listed = list_images(*known, stop); !listed) return while_doing(name_, listed.error());
  const Result<std::optional<std::size_t>> image = choose_saved(*known->images, tag);
  if (!image) return while_doing(name_, image.error());
  if (!*image) return std::nullopt;
  const Result<const ManifestBytes*> made = look_at(*known, **image, stop);
  if (!made) return while_doing(name_, made.error());
  return (*made)->descriptor;
}

Result<std::optional<Descriptor>> DockerImages::find_manifest(const Digest& digest, std::stop_token stop) {
  Result<ManifestBytes> found = find(digest, stop);
  if (found) return std::move(found->descriptor);
  if (found.error().cls == ErrorClass::NotFound) return std::nullopt;
  return while_doing(name_, std::move(found.error()));
}

Result<ManifestBytes> DockerImages::manifest(const Digest& digest, std::stop_token stop) {
  Result<ManifestBytes> found = find(digest, stop);
  return found ? found : while_doing(name_, std::move(found.error()));
}

Result<std::string> DockerImages::small_blob(const Descriptor& blob, std::size_t limit, std::stop_token stop) {
  const Result<std::string> file = file_of(blob.digest, stop);
  if (!file) return std::unexpected(file.error());
  Result<std::string> read = read_small_blob({*files_, *file, blob}, limit, std::move(stop));
  return read ? read : while_doing(name_, std::move(read.error()));
}

Result<void> DockerImages::read_blob(const Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                                     std::stop_token stop) {
  const Result<std::string> file = file_of(blob.digest, stop);
  if (!file) return std::unexpected(file.error());
  return sources::read_blob({*files_, *file, blob}, offset, sink, std::move(stop));
}

Result<std::vector<Descriptor>> DockerImages::referrers(const Digest&, std::stop_token) {
  return std::vector<Descriptor>();
}

}  // namespace slipway::sources

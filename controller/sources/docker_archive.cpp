#include "controller/sources/docker_archive.h"

#include <utility>

#include "controller/sources/docker_images.h"
#include "controller/sources/layout_images.h"
#include "controller/sources/layout_index.h"
#include "controller/sources/saved_images.h"
#include "crds/base/text.h"

namespace slipway::sources {

DockerArchive::DockerArchive(std::string name, std::shared_ptr<FileSet> files)
    : name_(std::move(name)), files_(std::move(files)) {}

Result<bool> DockerArchive::holds(const std::string& file, const std::stop_token& stop) {
  const Result<std::optional<std::int64_t>> size = files_->size_of(file, stop);
  if (!size) return while_doing(name_, size.error());
  return size->has_value();
}

Result<bool> DockerArchive::is_layout(const std::stop_token& stop) {
  for (const char* file : {"oci-layout", "index.json"})
    if (Result<bool> there = holds(file, stop); !there || !*there) return there;
  const Result<bool> saved = holds("manifest.json", stop);
  if (saved && !*saved)
    return fail(ErrorClass::Invalid,
                name_ + ": it is an OCI archive, not what docker save writes: manifest.json is missing",
                "give it as source.ociArchive: {path: " + name_ + "}");
  return saved;
}

Result<ImageSource*> DockerArchive::images(const std::stop_token& stop) {
  auto known = images_.lock();  // Held while reading: the others wait for the answer instead of looking too.
  if (*known) return known->get();
  const Result<bool> layout = is_layout(stop);
  if (!layout) return std::unexpected(layout.error());
  if (*layout)
    *known = std::make_unique<LayoutImages>(name_, files_);
  else
    *known = std::make_unique<DockerImages>(name_, files_);
  return known->get();
}

Result<std::optional<content::Descriptor>> DockerArchive::resolve(const std::string& tag, std::stop_token stop) {
  const Result<ImageSource*> found = images(stop);
  if (!found) return std::unexpected(found.error());
  auto image = (*found)->resolve(tag, stop);
  if (!image || *image || tag.empty() || is_attached_tag(tag)) return image;
  return no_image(tag, stop);
}

std::unexpected<Error> DockerArchive::no_image(const std::string& name, const std::stop_token& stop) {
  const Result<std::string> bytes = read_small(*files_, {.file = "manifest.json"}, stop);
  if (!bytes) return while_doing(name_, bytes.error());
  const Result<std::vector<SavedImage>> saved = parse_saved_images(*bytes);
  if (!saved) return while_doing(name_, saved.error());
  const std::string what = "it has no image " + slipway::quoted(name);
  if (saved->empty()) return fail(ErrorClass::NotFound, what + ", nor any other", "save it there with docker save");
  return fail(ErrorClass::NotFound, what + "; it holds " + names_of(*saved),
              "name one of them in spec.source.dockerArchive.image, or save " + slipway::quoted(name) + " there");
}

Result<std::optional<content::Descriptor>> DockerArchive::find_manifest(const Digest& digest, std::stop_token stop) {
  const Result<ImageSource*> found = images(stop);
  return found ? (*found)->find_manifest(digest, std::move(stop)) : std::unexpected(found.error());
}

Result<content::ManifestBytes> DockerArchive::manifest(const Digest& digest, std::stop_token stop) {
  const Result<ImageSource*> found = images(stop);
  return found ? (*found)->manifest(digest, std::move(stop)) : std::unexpected(found.error());
}

Result<std::string> DockerArchive::small_blob(const content::Descriptor& blob, std::size_t limit,
                                              std::stop_token stop) {
  const Result<ImageSource*> found = images(stop);
  return found ? (*found)->small_blob(blob, limit, std::move(stop)) : std::unexpected(found.error());
}

Result<void> DockerArchive::read_blob(const content::Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                                      std::stop_token stop) {
  const Result<ImageSource*> found = images(stop);
  return found ? (*found)->read_blob(blob, offset, sink, std::move(stop)) : std::unexpected(found.error());
}

Result<std::vector<content::Descriptor>> DockerArchive::referrers(const Digest& subject, std::stop_token stop) {
  const Result<ImageSource*> found = images(stop);
  return found ? (*found)->referrers(subject, std::move(stop)) : std::unexpected(found.error());
}

}  // namespace slipway::sources

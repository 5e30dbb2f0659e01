#include "controller/sources/docker_archive.h"

#include <utility>

#include "controller/sources/docker_images.h"
#include "controller/sources/layout_images.h"

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
  return found ? (*found)->resolve(tag, std::move(stop)) : std::unexpected(found.error());
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

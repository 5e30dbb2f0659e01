#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <variant>

#include "controller/sources/docker_archive.h"
#include "controller/sources/layout_images.h"
#include "controller/sources/packed_tar_files.h"
#include "controller/sources/tar_files.h"

namespace {

using namespace slipway;
using namespace slipway::sources;

/// The input as a file in memory.
files::OpenFile file_of(const std::uint8_t* data, std::size_t size) {
  files::Handle handle(::memfd_create("input", 0));
  if (handle.get() < 0 || ::write(handle.get(), data, size) != static_cast<ssize_t>(size)) std::abort();
  return {std::move(handle), static_cast<std::int64_t>(size)};
}

std::shared_ptr<FileSet> files_of(files::OpenFile file) {
  const auto packing = packing_of(file).value();
  if (packing == Packing::None) return std::make_shared<TarFiles>(std::move(file));
  return std::make_shared<PackedTarFiles>(std::move(file), packing);
}

/// Whatever is read of a blob is as long as was asked for.
void check_blob(ImageSource& source, const content::Descriptor& blob) {
  std::int64_t count = 0;
  const std::int64_t offset = blob.size / 2;
  const BlobSink sink = [&count](std::span<const std::byte> bytes) -> Result<void> {
    count += static_cast<std::int64_t>(bytes.size());
    return {};
  };
  const auto read = source.read_blob(blob, offset, sink, {});
  if (read && count != blob.size - offset) std::abort();
  if (!read && read.error().message.empty()) std::abort();
  const auto small = source.small_blob(blob, 4096, {});
  if (small && Digest::of(*small) != blob.digest && blob.digest.algorithm() == "sha256") std::abort();
}

/// Every manifest given is what its digest says.
void check_images(ImageSource& source) {
  const auto root = source.resolve("", {});
  if (!root && root.error().message.empty()) std::abort();
  if (!root || !*root) return;
  (void)source.referrers((*root)->digest, {});
  const auto bytes = source.manifest((*root)->digest, {});
  if (!bytes || bytes->descriptor != **root) std::abort();
  const auto manifest = content::parse_manifest(*bytes);
  if (!manifest) return;
  if (const auto* image = std::get_if<content::ImageManifest>(&*manifest)) {
    check_blob(source, image->config);
    for (const auto& layer : image->layers) check_blob(source, layer);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  DockerArchive saved("input", files_of(file_of(data, size)));
  check_images(saved);
  LayoutImages layout("input", files_of(file_of(data, size)));
  check_images(layout);
  return 0;
}

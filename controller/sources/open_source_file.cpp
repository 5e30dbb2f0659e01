#include "controller/sources/open_source_file.h"

#include <system_error>
#include <utility>

#include "controller/files/inside.h"
#include "controller/sources/docker_archive.h"
#include "controller/sources/folder_files.h"
#include "controller/sources/layout_images.h"
#include "controller/sources/packed_tar_files.h"
#include "controller/sources/tar_files.h"

namespace slipway::sources {
namespace {

namespace fs = std::filesystem;

struct Where {
  const fs::path& root;
  const fs::path& base_folder;
  const std::string& path;
};

Result<std::shared_ptr<FileSet>> open_folder(const Where& where) {
  Result<fs::path> folder = files::resolve_inside(where.root, where.base_folder, where.path);
  if (!folder) return std::unexpected(folder.error());
  std::error_code why;
  if (fs::is_directory(*folder, why)) return std::make_shared<FolderFiles>(where.root, std::move(*folder));
  return fail(ErrorClass::Invalid, where.path + " is no folder",
              "name the folder of an OCI layout; an archive is given as source.ociArchive or, of docker save, as "
              "source.dockerArchive");
}

Result<std::shared_ptr<FileSet>> open_archive(const Where& where) {
  Result<files::OpenFile> file = files::open_inside(where.root, where.base_folder, where.path);
  if (!file && file.error().cls == ErrorClass::Invalid)
    return fail(ErrorClass::Invalid, file.error().message,
                "name an archive (tar -cf image.tar -C " + where.path +
                    " . makes one of a folder that was unpacked); the folder of an OCI layout is given as "
                    "source.ociLayout: {path: " +
                    where.path + "}");
  if (!file) return std::unexpected(file.error());
  const Result<Packing> packing = packing_of(*file);
  if (!packing) return while_doing(where.path, packing.error());
  if (*packing == Packing::None) return std::make_shared<TarFiles>(std::move(*file));
  return std::make_shared<PackedTarFiles>(std::move(*file), *packing);
}

Result<std::unique_ptr<ImageSource>> layout_of(const Where& where, Result<std::shared_ptr<FileSet>> files,
                                               std::string field) {
  if (!files) return std::unexpected(std::move(files.error()));
  return std::make_unique<LayoutImages>(where.path, std::move(*files), std::move(field));
}

}  // namespace

Result<std::unique_ptr<ImageSource>> open_source_file(const fs::path& root, const SourceSpec& source,
                                                      const std::string& base_folder) {
  const auto now = files::anchored(root, base_folder);
  if (!now) return std::unexpected(now.error());
  const auto at = [&](const std::string& path) { return Where{now->root, now->base, path}; };
  if (source.oci_layout) {
    const Where where = at(source.oci_layout->path);
    return layout_of(where, open_folder(where), "spec.source.ociLayout.image");
  }
  if (source.oci_archive) {
    const Where where = at(source.oci_archive->path);
    return layout_of(where, open_archive(where), "spec.source.ociArchive.image");
  }
  if (source.docker_archive) {
    const Where where = at(source.docker_archive->path);
    Result<std::shared_ptr<FileSet>> files = open_archive(where);
    if (!files) return std::unexpected(std::move(files.error()));
    return std::make_unique<DockerArchive>(where.path, std::move(*files));
  }
  return fail(ErrorClass::Internal, "the source names no file", "report this as a bug");
}

}  // namespace slipway::sources

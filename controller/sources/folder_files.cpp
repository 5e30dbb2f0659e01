#include "controller/sources/folder_files.h"

#include <utility>

namespace slipway::sources {

FolderFiles::FolderFiles(std::filesystem::path root, std::filesystem::path folder)
    : root_(std::move(root)), folder_(std::move(folder)) {}

Result<std::optional<std::int64_t>> FolderFiles::size_of(const std::string& file, std::stop_token) {
  const Result<files::OpenFile> opened = files::open_inside(root_, folder_, file);
  if (opened) return opened->size();
  if (opened.error().cls == ErrorClass::NotFound) return std::nullopt;
  return std::unexpected(opened.error());
}

Result<void> FolderFiles::read(const FilePart& part, const BlobSink& sink, std::stop_token stop) {
  const Result<files::OpenFile> opened = files::open_inside(root_, folder_, part.file);
  if (!opened && opened.error().cls == ErrorClass::NotFound) return no_such_file(part.file);
  if (!opened) return std::unexpected(opened.error());
  return read_open_file(*opened, part, sink, stop);
}

}  // namespace slipway::sources

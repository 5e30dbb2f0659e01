#include "controller/sources/tar_files.h"

#include <utility>

#include "crds/base/text.h"

namespace slipway::sources {

TarFiles::TarFiles(files::OpenFile file) : file_(std::move(file)) {}

Result<const TarMember*> TarFiles::find(const std::string& file, const std::stop_token& stop) {
  auto index = index_.lock();  // Held while scanning: the others wait for this index instead of making their own.
  if (!*index) {
    Result<TarReader> reader = TarReader::open(file_, Packing::None);
    if (!reader) return std::unexpected(reader.error());
    Result<TarIndex> scanned = TarIndex::scan(*reader, [](const TarEntry&) -> std::size_t { return 0; }, stop);
    if (!scanned) return std::unexpected(scanned.error());
    *index = std::move(*scanned);
  }
  return (*index)->find(file);
}

Result<std::optional<std::int64_t>> TarFiles::size_of(const std::string& file, std::stop_token stop) {
  const Result<const TarMember*> member = find(file, stop);
  if (!member) return std::unexpected(member.error());
  return *member == nullptr ? std::optional<std::int64_t>() : (*member)->size;
}

Result<void> TarFiles::read(const FilePart& part, const BlobSink& sink, std::stop_token stop) {
  const Result<const TarMember*> member = find(part.file, stop);
  if (!member) return std::unexpected(member.error());
  if (*member == nullptr) return no_such_file(part.file);
  if (part.offset < 0 || part.count < 0 || part.count > (*member)->size - part.offset)
    return not_whole(slipway::quoted(part.file) + " has only " + std::to_string((*member)->size) + " bytes");
  return read_open_file(file_, {.file = part.file, .offset = (*member)->position + part.offset, .count = part.count},
                        sink, stop);
}

}  // namespace slipway::sources

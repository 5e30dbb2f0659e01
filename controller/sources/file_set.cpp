#include "controller/sources/file_set.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "crds/base/text.h"

namespace slipway::sources {
namespace {

constexpr std::size_t kPiece = 256u << 10;
constexpr std::size_t kLongestShown = 160;

}  // namespace

std::unexpected<Error> no_such_file(const std::string& file) {
  return fail(ErrorClass::NotFound, slipway::quoted(file, kLongestShown) + " is not there",
              "write the image again; if it was written for some platforms only, name them in source.platforms");
}

std::unexpected<Error> not_whole(std::string what) {
  return fail(ErrorClass::Integrity, std::move(what),
              "write the image again, under another name, and rename it when it is whole");
}

BlobSink added_to(std::string& bytes) {
  return [&bytes](std::span<const std::byte> more) -> Result<void> {
    bytes.append(reinterpret_cast<const char*>(more.data()), more.size());
    return {};
  };
}

Result<std::string> read_small(FileSet& files, const SmallFile& wanted, std::stop_token stop) {
  const Result<std::optional<std::int64_t>> size = files.size_of(wanted.file, stop);
  if (!size) return std::unexpected(size.error());
  if (!*size) return no_such_file(wanted.file);
  if (std::cmp_greater(**size, wanted.limit))
    return not_whole(slipway::quoted(wanted.file, kLongestShown) + " has " + std::to_string(**size) +
                     " bytes, more than " + std::to_string(wanted.limit));
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(**size));
  const FilePart whole{.file = wanted.file, .offset = 0, .count = **size};
  if (Result<void> read = files.read(whole, added_to(bytes), std::move(stop)); !read)
    return std::unexpected(read.error());
  return bytes;
}

Result<void> read_open_file(const files::OpenFile& file, const FilePart& part, const BlobSink& sink,
                            const std::stop_token& stop) {
  const auto room = std::min(kPiece, static_cast<std::size_t>(std::max<std::int64_t>(part.count, 0)));
  const auto space = std::make_unique_for_overwrite<std::byte[]>(room);
  for (std::int64_t given = 0; given < part.count;) {
    if (stop.stop_requested()) return fail(ErrorClass::Cancelled, "stopped");
    const auto wanted = std::min(room, static_cast<std::size_t>(part.count - given));
    const Result<std::size_t> count = file.read_at(part.offset + given, std::span(space.get(), wanted));
    if (!count) return while_doing(part.file, count.error());
    if (*count == 0) return not_whole(slipway::quoted(part.file, kLongestShown) + " became shorter while it was read");
    if (Result<void> taken = sink(std::span(space.get(), *count)); !taken) return taken;
    given += static_cast<std::int64_t>(*count);
  }
  return {};
}

}  // namespace slipway::sources

#include "controller/sources/blob_file.h"

#include <utility>

namespace slipway::sources {

Result<void> check_digest(std::string_view bytes, const Digest& digest) {
  Hasher hasher(digest.algorithm());
  hasher.update(bytes);
  const Digest found = hasher.finish();
  if (found == digest) return {};
  return not_whole("the bytes of " + digest.str() + " hash to " + found.str());
}

Result<std::string> read_small_blob(const BlobFile& from, std::size_t limit, std::stop_token stop) {
  const content::Descriptor& blob = from.blob;
  if (std::cmp_greater(blob.size, limit))
    return not_whole(blob.digest.str() + " has " + std::to_string(blob.size) + " bytes, more than " +
                     std::to_string(limit));
  std::string bytes;
  if (Result<void> got = read_blob(from, 0, added_to(bytes), std::move(stop)); !got)
    return std::unexpected(got.error());
  if (Result<void> good = check_digest(bytes, blob.digest); !good) return std::unexpected(good.error());
  return bytes;
}

Result<void> read_blob(const BlobFile& from, std::int64_t offset, const BlobSink& sink, std::stop_token stop) {
  const Result<std::optional<std::int64_t>> size = from.files.size_of(from.file, stop);
  if (!size) return std::unexpected(size.error());
  if (!*size) return no_such_file(from.file);
  if (**size != from.blob.size)
    return not_whole(from.blob.digest.str() + " has " + std::to_string(**size) + " bytes, its manifest says " +
                     std::to_string(from.blob.size));
  if (offset < 0 || offset > from.blob.size)
    return fail(ErrorClass::Internal, "asked for byte " + std::to_string(offset) + " of " + from.blob.digest.str(),
                "report this as a bug");
  return from.files.read({.file = from.file, .offset = offset, .count = from.blob.size - offset}, sink,
                         std::move(stop));
}

}  // namespace slipway::sources

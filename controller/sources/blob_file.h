#pragma once

#include <string>

#include "controller/sources/file_set.h"

namespace slipway::sources {

/// A blob in a file of its own.
struct BlobFile {
  FileSet& files;
  std::string file;
  const content::Descriptor& blob;
};

/// As ImageSource::small_blob: whole and checked.
Result<std::string> read_small_blob(const BlobFile& from, std::size_t limit, std::stop_token stop);

/// As ImageSource::read_blob: from `offset` on, not checked. Integrity, before the first byte, when the file has
/// another size than the blob should have.
Result<void> read_blob(const BlobFile& from, std::int64_t offset, const BlobSink& sink, std::stop_token stop);

/// Integrity when `bytes` do not hash to `digest`.
Result<void> check_digest(std::string_view bytes, const Digest& digest);

}  // namespace slipway::sources

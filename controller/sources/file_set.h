#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/files/inside.h"
#include "reconcilers/ports/image_source.h"

namespace slipway::sources {

/// Bytes of one file.
struct FilePart {
  std::string file;
  std::int64_t offset = 0;
  std::int64_t count = 0;
};

/// Files by their names in a folder or an archive, e.g. "blobs/sha256/0a1b…". Names are given without "..".
/// Thread-safe. Errors: Integrity for an archive that is broken or not whole, Unavailable when the disk fails,
/// Cancelled; those of open_inside for folders.
class FileSet {
 public:
  virtual ~FileSet() = default;

  /// Whether they are one file, as a person names it; else a folder.
  virtual bool is_archive() const { return true; }

  /// How many bytes the file has; nothing when there is none of that name.
  virtual Result<std::optional<std::int64_t>> size_of(const std::string& file, std::stop_token stop) = 0;

  /// Gives these bytes to `sink`, in order, all or an error. NotFound without the file, Integrity when it ends before.
  virtual Result<void> read(const FilePart& part, const BlobSink& sink, std::stop_token stop) = 0;
};

/// Adds what it is given to `bytes`, which outlives it.
BlobSink added_to(std::string& bytes);

struct SmallFile {
  std::string file;
  std::size_t limit = content::kMaxManifestBytes;
};
/// A small file whole. NotFound; Integrity when it has more than `limit` bytes.
Result<std::string> read_small(FileSet& files, const SmallFile& wanted, std::stop_token stop);

/// Gives `count` bytes of an open file to `sink`; `part.file` names it in messages.
Result<void> read_open_file(const files::OpenFile& file, const FilePart& part, const BlobSink& sink,
                            const std::stop_token& stop);

/// That a file is not there, ends early, is larger than it may be: the same words for folders and archives.
std::unexpected<Error> no_such_file(const std::string& file);
std::unexpected<Error> not_whole(std::string what);

}  // namespace slipway::sources

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include "controller/files/handle.h"
#include "crds/base/result.h"

namespace slipway::files {

/// A regular file opened for reading. Reading moves no position, so threads may share it; a file that is replaced under
/// its name stays the one that was opened.
class OpenFile {
 public:
  OpenFile(Handle handle, std::int64_t size) : handle_(std::move(handle)), size_(size) {}

  /// Bytes it had when it was opened.
  std::int64_t size() const { return size_; }
  /// Reads what stands at `offset`, as much as there is space for; 0 at the end. Unavailable when the disk fails.
  Result<std::size_t> read_at(std::int64_t offset, std::span<std::byte> space) const;
  /// Whether somebody has it open for writing now. False where the kernel does not tell: of another user's file, and on
  /// what is no local file system (tells_of_writers()).
  bool is_being_written() const;

 private:
  Handle handle_;
  std::int64_t size_;
};

struct Anchored {
  std::filesystem::path root;
  std::filesystem::path base;
};

/// `root` with links resolved and `base` below the same: for a root that is a link which may be exchanged between the
/// two. A base that is not below `root` as written is left as it is.
Result<Anchored> anchored(const std::filesystem::path& root, const std::filesystem::path& base);

/// Where `path`, relative to `base`, leads with links resolved. Refused when that is outside `root`, whether or not
/// something is there; NotFound; Forbidden without permission; Invalid for links in a circle. Messages name `path`.
Result<std::filesystem::path> resolve_inside(const std::filesystem::path& root, const std::filesystem::path& base,
                                             const std::string& path);

/// Opens the regular file there; Invalid when it is something else (nothing waits on a pipe or opens a device). On the
/// way to it no link is followed any more, so that one exchanged meanwhile gains nothing.
Result<OpenFile> open_inside(const std::filesystem::path& root, const std::filesystem::path& base,
                             const std::string& path);

}  // namespace slipway::files

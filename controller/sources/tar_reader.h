#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "controller/files/inside.h"

namespace slipway::sources {

/// How a tar is packed.
enum class Packing { None, Gzip, Zstd };

/// By the first bytes: None for whatever is neither.
Packing packing_of(std::span<const std::byte> first_bytes);
/// By the first bytes of the file.
Result<Packing> packing_of(const files::OpenFile& file);

/// One entry of a tar, as the tar says it: names and sizes are not checked.
struct TarEntry {
  enum class Kind { File, SymbolicLink, HardLink, Other };
  Kind kind = Kind::Other;
  std::string name;
  std::string target;         ///< Of a link.
  std::int64_t size = 0;      ///< Of a file.
  std::int64_t position = 0;  ///< Of its first byte in the unpacked tar.
  bool has_holes = false;     ///< A sparse file: its bytes do not stand together.
};

/// Goes through a tar from front to back, with libarchive; unpacks gzip and zstd on the way. Needs memory for one
/// window of the packer, at most 8 MiB. One thread at a time.
/// Errors: Integrity for what is no tar, broken or cut off, for a larger window, and for what unpacks to more than 4
/// GiB and 2,000 times what was read; Unavailable when the disk fails or there is no memory; Cancelled. After an error
/// there is no going on.
class TarReader {
 public:
  /// `file` outlives the reader; several readers may share it.
  static Result<TarReader> open(const files::OpenFile& file, Packing packing);
  ~TarReader();
  TarReader(TarReader&&) noexcept;
  TarReader& operator=(TarReader&&) noexcept;

  /// The next entry; nothing at the end.
  Result<std::optional<TarEntry>> next(const std::stop_token& stop);
  /// Bytes of the entry that next() gave last, from where the last read ended; 0 at its end.
  Result<std::size_t> read(std::span<std::byte> space, const std::stop_token& stop);

  /// How many entries next() gave so far.
  std::size_t entries() const;
  /// How many bytes of the last of them were read.
  std::int64_t offset() const;

 private:
  struct State;
  explicit TarReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace slipway::sources

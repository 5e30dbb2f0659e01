#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "crds/base/result.h"

namespace slipway::emulator {

/// An open file; closed with its owner.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int number() const { return number_; }
  /// The number without its owner.
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

/// A file that is open for reading, and its size.
struct OpenFile {
  FileDescriptor file;
  std::uint64_t size = 0;
};

/// NotFound when there is none.
Result<OpenFile> open_to_read(const std::filesystem::path& path);
Result<FileDescriptor> create_file(const std::filesystem::path& path);
Result<void> write_all(const FileDescriptor& file, std::span<const char> bytes);
/// Bytes read at `offset`, 0 at the end.
Result<std::size_t> read_at(const FileDescriptor& file, std::span<char> space, std::uint64_t offset);
Result<std::string> read_file(const std::filesystem::path& path);
/// Renames, making the folder of `to` when it is missing. Both on one file system.
Result<void> move_file(const std::filesystem::path& from, const std::filesystem::path& to);
/// Whole or not at all: written beside, then renamed over.
Result<void> write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace slipway::emulator

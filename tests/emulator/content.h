#pragma once

#include <filesystem>
#include <string_view>

#include "crds/base/digest.h"
#include "crds/base/result.h"
#include "tests/emulator/files.h"

namespace slipway::emulator {

/// Bytes on disk by their digest, blobs and manifests alike: FOLDER/sha256/ab/abcd…
class Content {
 public:
  explicit Content(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Result<OpenFile> open(const Digest& digest) const { return open_to_read(path_of(digest)); }
  Result<std::string> read(const Digest& digest) const { return read_file(path_of(digest)); }
  bool has(const Digest& digest) const { return std::filesystem::exists(path_of(digest)); }
  /// Takes over a finished file whose bytes have this digest.
  Result<void> adopt(const std::filesystem::path& file, const Digest& digest) {
    return move_file(file, path_of(digest));
  }
  Result<void> write(const Digest& digest, std::string_view bytes) { return write_file(path_of(digest), bytes); }
  /// Who has it open goes on reading.
  void remove(const Digest& digest) {
    std::error_code ignored;
    std::filesystem::remove(path_of(digest), ignored);
  }

 private:
  std::filesystem::path path_of(const Digest& digest) const {
    return folder_ / digest.algorithm() / digest.hex().substr(0, 2) / digest.hex();
  }
  std::filesystem::path folder_;
};

}  // namespace slipway::emulator

#pragma once

#include <filesystem>

#include "controller/sources/file_set.h"

namespace slipway::sources {

/// The files of a folder. Links are followed as far as they stay inside `root`.
class FolderFiles final : public FileSet {
 public:
  FolderFiles(std::filesystem::path root, std::filesystem::path folder);

  bool is_archive() const override { return false; }
  Result<std::optional<std::int64_t>> size_of(const std::string& file, std::stop_token stop) override;
  Result<void> read(const FilePart& part, const BlobSink& sink, std::stop_token stop) override;

 private:
  const std::filesystem::path root_;
  const std::filesystem::path folder_;
};

}  // namespace slipway::sources

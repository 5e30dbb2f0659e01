#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "crds/base/result.h"
#include "tests/emulator/content.h"
#include "tests/emulator/repository.h"

namespace slipway::emulator {

/// The small files that say what a repository holds, beside the content: NAME/_blobs/sha256/…, NAME/_manifests/…,
/// NAME/_tags/TAG, NAME/_repository. A component of a name never starts with '_', so they can't be repositories.
class Records {
 public:
  explicit Records(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Result<std::map<std::string, Repository>> read_all(const Content& content) const;

  Result<void> write(const std::string& name, const Repository& repository) const;
  Result<void> write(const std::string& name, const StoredManifest& manifest) const;
  Result<void> write(const std::string& name, const StoredTag& tag) const;
  Result<void> write_blob(const std::string& name, const Digest& digest) const;
  void remove_manifest(const std::string& name, const Digest& digest) const;
  void remove_tag(const std::string& name, const std::string& tag) const;
  void remove_blob(const std::string& name, const Digest& digest) const;
  void remove_repository(const std::string& name) const;

 private:
  std::filesystem::path path_of(const std::string& name, const char* kind, const std::string& leaf) const {
    return folder_ / name / kind / leaf;
  }
  std::filesystem::path folder_;
};

}  // namespace slipway::emulator

#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/result.h"
#include "crds/v1alpha1/resources.h"

namespace slipway::manifests {

struct ManifestFolderOptions {
  std::string path;  ///< A folder, a file, or "-" for standard input (read once, when opened).
  std::string root;  ///< Empty: the folder; for a file or "-" the working directory.
  bool allow_empty = false;
  ParseOptions parse;
};

/// A resource in force and the folder that its relative paths start from.
struct ManifestResource {
  Resource resource;
  std::string file;
  Place place;
  std::string base_folder;
};

/// What the folder says now.
struct ManifestReading {
  std::vector<ManifestResource> resources;  ///< In force, in the order of files.
  std::vector<Problem> problems;            ///< To report; those of a file changed just now wait one more reading.
  bool is_whole = false;                    ///< Every file was read and parsed without error, nothing is half-written.
  bool is_settled = false;  ///< This reading and the one before are whole and equal: what is absent is deleted.
};

/// Reads resources from a folder (recursively: *.yaml, *.yml, *.json; hidden files and folders and what editors leave
/// behind are not read), from one file or from standard input. Remembers the last good version of each file:
///   - a file that does not parse keeps its last good resources in force, for as long as it is there
///   - a file that changed since the reading before is taken when it parses; its errors wait for an equal reading
///   - two documents for one object are a problem of the later one; the first stays in force
///   - a file that a link takes outside the root is a problem and is not read
/// One thread at a time.
class ManifestFolder {
 public:
  /// Invalid or NotFound when the path or the root is not there.
  static Result<ManifestFolder> open(ManifestFolderOptions options);

  /// Reads everything again. NotFound when the folder is gone, Invalid when no manifest is in it (without
  /// allow_empty), Unavailable when it cannot be listed: nothing may be concluded from either.
  Result<ManifestReading> read();

  /// The folder with links resolved; for "-" the working directory. Names the default state database.
  const std::filesystem::path& canonical_path() const { return canonical_path_; }
  const std::filesystem::path& root() const { return root_; }
  bool is_folder() const { return is_folder_; }

 private:
  struct File {
    std::string content;
    std::vector<ParsedResource> good;  ///< Of the last version that parsed.
    std::vector<Problem> problems;     ///< Of `content`.
    bool is_new = true;                ///< Changed in the latest reading.
  };
  ManifestFolder() = default;

  ManifestFolderOptions options_;
  std::filesystem::path canonical_path_;
  std::filesystem::path root_;
  bool is_folder_ = false;
  std::map<std::string, File> files_;
  std::optional<std::map<std::string, std::string>> last_whole_;  ///< Contents of the last reading, when whole.
};

/// The file at `path` relative to `base_folder`, links resolved, when it lies inside `root` and has at most `limit`
/// bytes. Refused outside the root, NotFound, Invalid when too large or not a regular file.
Result<std::string> read_file_inside(const std::filesystem::path& root, const std::filesystem::path& base_folder,
                                     const std::string& path, std::size_t limit);

}  // namespace slipway::manifests

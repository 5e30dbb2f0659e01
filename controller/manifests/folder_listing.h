#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "crds/base/document.h"
#include "crds/base/result.h"

namespace slipway::manifests {

/// A manifest found below a folder.
struct ListedFile {
  std::string name;                   ///< Relative to the folder, links as they are: "shop/a.yaml".
  std::filesystem::path base_folder;  ///< The folder it is in, links resolved.
};

struct FolderListing {
  std::vector<ListedFile> files;            ///< By name.
  std::vector<Problem> problems;            ///< `file` is the name relative to the folder.
  std::set<std::string> broken;             ///< Names of what could not be listed or is outside.
  std::set<std::filesystem::path> folders;  ///< Every folder that was listed, links resolved.
  bool is_whole = true;
};

/// By its name: *.yaml, *.yml or *.json, not hidden and not what an editor leaves behind.
bool is_manifest_name(const std::string& name);

/// The manifests below `folder` (links resolved): *.yaml, *.yml and *.json, hidden files and folders and what editors
/// leave behind left out. Links are followed inside `root` (links resolved); every folder and file is listed once, so
/// that circles end. NotFound, Unavailable or Forbidden when `folder` itself cannot be listed, Invalid when more than
/// 100,000 manifests are in it.
Result<FolderListing> list_manifests(const std::filesystem::path& folder, const std::filesystem::path& root);

}  // namespace slipway::manifests

#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "controller/git/client.h"
#include "crds/base/result.h"

namespace slipway::git {

/// What is written where.
struct Export {
  std::filesystem::path repository;  ///< A bare one that has the commit.
  std::string commit;
  std::filesystem::path tree;        ///< A new folder: the files.
  std::filesystem::path listing;     ///< A new file: which object each file is.
  std::filesystem::path known_tree;  ///< Of another commit, empty: none. Its files are taken where they are the same.
  std::filesystem::path known_listing;
};

/// Writes the files and links of a commit as git has them: no filter, no line ends changed, no attribute obeyed, no
/// hook, no submodule, nothing executable. Links are written last and lead wherever they lead: who reads resolves them
/// inside the tree. Invalid for names that a file of ours may not have and for more than it may be.
Result<void> export_commit(const Client& client, const Export& what, std::stop_token stop);

}  // namespace slipway::git

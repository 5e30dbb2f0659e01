#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "controller/manifests/manifest_folder.h"

namespace slipway::manifests {

/// What resources are looked for in.
struct AnsweredBy {
  std::string controller_namespace;
  std::filesystem::path root;  ///< Files must lie inside.
  bool is_whole = true;        ///< All that is to be run; else only the files that are named are looked for.
};

/// Warnings of what the resources of a folder name and the folder does not hold: registries, Secrets, ConfigMaps and
/// files (sources, reports), those outside the root too; each with file, place and field (where the reading kept the
/// roots) and what to do; and of Secrets to sign in with that lack a key, or have white space around a value. Nothing
/// for a reading that is not whole: what is missing may stand in a file that could not be taken.
std::vector<Problem> unanswered_references(const ManifestReading& reading, const AnsweredBy& by);

}  // namespace slipway::manifests

#pragma once

#include <string>
#include <vector>

#include "controller/manifests/manifest_folder.h"

namespace slipway::manifests {

/// Warnings of what the resources of a folder name and the folder does not hold: registries, Secrets, ConfigMaps and
/// report files, each with file, place and field (where the reading kept the roots) and what to do; and of Secrets to
/// sign in with that lack a key. Nothing for a reading that is not whole: what is missing may stand in a file that
/// could not be taken.
std::vector<Problem> unanswered_references(const ManifestReading& reading, const std::string& controller_namespace);

}  // namespace slipway::manifests

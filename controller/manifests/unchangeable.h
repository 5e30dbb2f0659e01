#pragma once

#include <string>
#include <vector>

#include "controller/manifests/manifest_folder.h"
#include "controller/manifests/state_database.h"
#include "crds/base/result.h"

namespace slipway::manifests {

// Fields that can't be changed are those by which what was published is found again. As long as nothing was, a wrong
// one may be corrected: an ImagePublication before its first byte is sent, a ContainerRegistry before the first byte of
// any publication that names it, a RetentionPolicy always, for none is carried out. What can't be known counts as
// published.

/// The fields that `edited` changes, of those that can't be changed.
std::vector<std::string> fixed_fields(const ManifestResource& edited, const StateRow& row);

/// What keeps `edited` from taking the place of what `row` has, a problem for each field in the order of the file.
/// `rows` is the whole database.
std::vector<Problem> unchangeable(const ManifestResource& edited, const StateRow& row,
                                  const std::vector<StateRow>& rows);

/// What `reading` would change of objects of the database that can't be changed, as FolderRefresh tells it.
Result<std::vector<Problem>> unchangeable_in(const ManifestReading& reading, StateDatabase& state);

}  // namespace slipway::manifests

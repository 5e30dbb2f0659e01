#pragma once

#include <optional>
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

/// The field that `edited` changes, of those that can't be changed; empty when there is none.
std::string fixed_field(const ManifestResource& edited, const StateRow& row);

/// What keeps `edited` from taking the place of what `row` has. `rows` is the whole database.
std::optional<Problem> unchangeable(const ManifestResource& edited, const StateRow& row,
                                    const std::vector<StateRow>& rows);

/// What `reading` would change of objects of the database that can't be changed, as FolderRefresh tells it.
Result<std::vector<Problem>> unchangeable_in(const ManifestReading& reading, StateDatabase& state);

}  // namespace slipway::manifests

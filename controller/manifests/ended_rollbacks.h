#pragma once

#include <vector>

#include "controller/manifests/manifest_folder.h"

namespace slipway::manifests {

/// Warnings of each rollback whose `until` is over at `now`: nothing goes back by it. With file, place (where the
/// reading kept the roots) and field.
std::vector<Problem> ended_rollbacks(const ManifestReading& reading, Timestamp now);

}  // namespace slipway::manifests

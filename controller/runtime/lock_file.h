#pragma once

#include <filesystem>
#include <string>

#include "controller/files/handle.h"
#include "crds/base/result.h"

namespace slipway::runtime {

/// Opens a file of the state folder that is there to be locked, and makes it if it is not there. Unavailable when that
/// can't be done.
Result<files::Handle> open_lock_file(const std::filesystem::path& file);

/// Unavailable: `path` can't be used as a lock, or for one, and why.
std::unexpected<Error> unusable_lock(const std::filesystem::path& path, const std::string& why);

/// As above, with what errno says.
std::unexpected<Error> unusable_lock(const std::filesystem::path& path);

}  // namespace slipway::runtime

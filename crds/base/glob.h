#pragma once

#include <string_view>

#include "crds/base/result.h"

namespace slipway {

/// Patterns of repositories and tags: `*` matches anything but '/', `**` crosses it, everything else is itself.
/// "shop/**" matches "shop/a" and "shop/a/b", not "shop". Takes time linear in both, whatever the pattern.
bool glob_matches(std::string_view pattern, std::string_view text);

/// Invalid when `pattern` has characters that no repository or tag can have.
Result<void> check_glob(std::string_view pattern);

}  // namespace slipway

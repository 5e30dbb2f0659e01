#pragma once

#include <string_view>

#include "crds/base/result.h"

namespace slipway {

/// Patterns of repositories and tags: `*` matches anything but '/', `**` crosses it, everything else is itself.
/// "shop/**" matches "shop/a" and "shop/a/b", not "shop". Takes at most time in
/// proportion to both lengths multiplied, whatever the pattern.
bool glob_matches(std::string_view pattern, std::string_view text);

/// Invalid when `pattern` is empty, longer than 512 bytes or has characters that no repository, tag or registry host
/// ("127.0.0.1:5000/**") can have; the remedy says what the wildcards mean.
Result<void> check_glob(std::string_view pattern);

}  // namespace slipway

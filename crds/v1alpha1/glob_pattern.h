#pragma once

#include <string_view>

namespace slipway {

/// What check_glob() takes, up to the length.
inline constexpr std::string_view kGlobPattern = "^[A-Za-z0-9._/:*-]+$";

}  // namespace slipway

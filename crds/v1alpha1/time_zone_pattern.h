#pragma once

#include <string_view>

namespace slipway {

/// The form of an IANA name; check_time_zone() asks for one that there is.
inline constexpr std::string_view kTimeZonePattern = "^[A-Za-z0-9+_-]+(/[A-Za-z0-9+_-]+)*$";

}  // namespace slipway

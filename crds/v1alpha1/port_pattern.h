#pragma once

#include <string_view>

namespace slipway {

/// A ':' and digits that are no port: 0, zeros before it, or more than 65535. What follows says where a port ends.
inline constexpr std::string_view kNoPort =
    ":(0[0-9]*|[1-9][0-9]{5,}|[7-9][0-9]{4}|6[6-9][0-9]{3}|65[6-9][0-9]{2}|655[4-9][0-9]|6553[6-9])";
inline constexpr std::string_view kPortForm = "write a port between 1 and 65535, without zeros before it";

}  // namespace slipway

#pragma once

#include <string>
#include <string_view>

namespace slipway {

/// What nobody sees who looks at a user name and a password, and what is sent with them all the same: "the password
/// ends with a line break, which counts as part of it". Of the user name before the password; empty where there is
/// nothing.
std::string stray_space(std::string_view username, std::string_view password);

}  // namespace slipway

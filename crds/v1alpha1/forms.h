#pragma once

#include <string_view>

namespace slipway {

/// What to write where a text does not match `pattern`, for people; empty for a pattern that nobody meets by hand. As
/// our own parsers say it where they can't say it better.
std::string_view form_of(std::string_view pattern);

}  // namespace slipway

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway {

/// RFC 4648, section 4, with padding.
std::string encode_base64(std::string_view bytes);
/// Either alphabet, padding optional; nothing for other characters and for a length that no bytes have.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace slipway

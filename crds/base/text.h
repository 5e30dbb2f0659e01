#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slipway {

/// `text` as a terminal may show it: control characters and bytes that are not UTF-8 escaped, cut off with "…" after
/// `limit` bytes.
std::string visible(std::string_view text, std::size_t limit = std::string_view::npos);

/// visible() in double quotes. Whatever came from outside goes through here on its way into a message.
std::string quoted(std::string_view text, std::size_t limit = 80);

/// Bytes of the well-formed UTF-8 sequence that `text` starts with (RFC 3629: no surrogates, nothing overlong), 0 if
/// there is none.
std::size_t utf8_length(std::string_view text);

/// How many characters (Unicode code points) `text`, which is UTF-8, has.
std::size_t count_characters(std::string_view text);

/// At most `characters` of `text`, which is UTF-8; where more would follow the last of them is "…".
std::string beginning_of(std::string text, std::size_t characters);

/// `text` with the ASCII capitals made small.
std::string lower_case(std::string_view text);

/// `text` without those characters of `space` that stand at its ends.
std::string_view trimmed(std::string_view text, std::string_view space = " \t\r\n");

/// ASCII only, whatever the locale.
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_alphanumeric(char c) {
  return is_digit(c) || is_lower(c) || is_upper(c);
}

}  // namespace slipway

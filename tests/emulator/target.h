#pragma once

#include <map>
#include <string>
#include <string_view>

namespace slipway::emulator {

/// A request target as RFC 9112 has it, split and percent-decoded.
struct Target {
  std::string path;                               ///< Decoded, e.g. "/v2/team/app/tags/list".
  std::multimap<std::string, std::string> query;  ///< Decoded; '+' is a space.

  /// The first value of `key`, empty when there is none.
  std::string parameter(const std::string& key) const;
  bool has(const std::string& key) const { return query.contains(key); }
};

Target parse_target(std::string_view text);

/// As `a=1&b=2`: also the body of a form post.
std::multimap<std::string, std::string> parse_query(std::string_view text);

/// Everything but RFC 3986's unreserved characters as %XX.
std::string percent_encode(std::string_view text);

}  // namespace slipway::emulator

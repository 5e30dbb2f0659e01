#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::registry {

/// One challenge of a WWW-Authenticate header (RFC 9110, 11.6.1).
struct Challenge {
  std::string scheme;                             ///< Lower case, e.g. "bearer", "basic".
  std::map<std::string, std::string> parameters;  ///< Names in lower case; the first of two equal names counts.

  /// The parameter, empty when it is absent.
  std::string_view get(std::string_view name) const;
  bool operator==(const Challenge&) const = default;
};

/// The challenges of one header value: several in a row, quoted strings with escapes, token68. Hostile input gives what
/// could be read before it went wrong: at most 8 challenges of 16 parameters of 4 KiB. Pure.
std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace slipway::registry

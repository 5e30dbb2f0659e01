#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway {

/// A version as semver.org 2.0.0 has it; a leading "v" is taken.
struct SemanticVersion {
  std::string major, minor, patch;      ///< Digits without leading zeros, any length.
  std::vector<std::string> prerelease;  ///< Identifiers; empty for a release.
  std::string build;                    ///< Does not count in an order.

  bool is_prerelease() const { return !prerelease.empty(); }
};

/// Nothing when `text` is not one (a number, a date, two parts).
std::optional<SemanticVersion> parse_semantic_version(std::string_view text);

/// Precedence, clause 11.
std::weak_ordering compare(const SemanticVersion& left, const SemanticVersion& right);

}  // namespace slipway

#include "crds/base/semantic_version.h"

#include <algorithm>

#include "crds/base/text.h"

namespace slipway {

namespace {

constexpr std::size_t kLongest = 256;

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_plain_number(std::string_view text) {
  return is_number(text) && (text.size() == 1 || text.front() != '0');
}

bool is_identifier(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t dot = text.find('.');
    out.emplace_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    text.remove_prefix(dot + 1);
  }
}

/// Clause 9: a numeric identifier has no leading zero.
bool is_prerelease_identifier(const std::string& text) {
  return is_identifier(text) && (!is_number(text) || is_plain_number(text));
}

std::weak_ordering compare_numbers(const std::string& left, const std::string& right) {
  if (left.size() != right.size()) return left.size() <=> right.size();
  return left <=> right;
}

/// Clause 11.4: numbers by value and below words, words in ASCII order.
std::weak_ordering compare_identifiers(const std::string& left, const std::string& right) {
  const bool left_number = is_number(left);
  const bool right_number = is_number(right);
  if (left_number && right_number) return compare_numbers(left, right);
  if (left_number != right_number) return left_number ? std::weak_ordering::less : std::weak_ordering::greater;
  return left <=> right;
}

std::weak_ordering compare_prereleases(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  if (left.empty() || right.empty()) return left.empty() <=> right.empty();
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i)
    if (const auto order = compare_identifiers(left[i], right[i]); order != 0) return order;
  return left.size() <=> right.size();
}

}  // namespace

std::optional<SemanticVersion> parse_semantic_version(std::string_view text) {
  if (text.size() > kLongest) return std::nullopt;
  if (text.starts_with('v')) text.remove_prefix(1);
  SemanticVersion out;
  if (const std::size_t plus = text.find('+'); plus != std::string_view::npos) {
    out.build = text.substr(plus + 1);
    const auto words = split(out.build);
    if (!std::all_of(words.begin(), words.end(), [](const auto& word) { return is_identifier(word); }))
      return std::nullopt;
    text = text.substr(0, plus);
  }
  if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    out.prerelease = split(text.substr(dash + 1));
    if (!std::all_of(out.prerelease.begin(), out.prerelease.end(), is_prerelease_identifier)) return std::nullopt;
    text = text.substr(0, dash);
  }
  const auto numbers = split(text);
  if (numbers.size() != 3 ||
      !std::all_of(numbers.begin(), numbers.end(), [](const auto& n) { return is_plain_number(n); }))
    return std::nullopt;
  out.major = numbers[0];
  out.minor = numbers[1];
  out.patch = numbers[2];
  return out;
}

std::weak_ordering compare(const SemanticVersion& left, const SemanticVersion& right) {
  if (const auto order = compare_numbers(left.major, right.major); order != 0) return order;
  if (const auto order = compare_numbers(left.minor, right.minor); order != 0) return order;
  if (const auto order = compare_numbers(left.patch, right.patch); order != 0) return order;
  return compare_prereleases(left.prerelease, right.prerelease);
}

}  // namespace slipway

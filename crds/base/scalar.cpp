#include "crds/base/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>

#include "crds/base/text.h"

namespace slipway {

namespace {

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 11> kTrue{"true", "True", "TRUE", "yes", "Yes", "YES",
                                                 "on",   "On",   "ON",   "y",   "Y"};
constexpr std::array<std::string_view, 11> kFalse{"false", "False", "FALSE", "no", "No", "NO",
                                                  "off",   "Off",   "OFF",   "n",  "N"};
constexpr std::array<std::string_view, 12> kBeyond{".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf", "+.INF",
                                                   "-.inf", "-.Inf", "-.INF", ".nan",  ".NaN",  ".NAN"};

struct Based {
  std::string_view digits;
  int base = 10;
};

Based split_base(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) return {text.substr(2), 16};
  if (text.starts_with("0b") || text.starts_with("0B")) return {text.substr(2), 2};
  if (text.starts_with("0o") || text.starts_with("0O")) return {text.substr(2), 8};
  if (text.size() > 1 && text.front() == '0') return {text.substr(1), 8};
  return {text, 10};
}

/// Nothing when the text is no integer or does not fit.
std::optional<std::int64_t> integer_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const Based parts = split_base(text);
  if (parts.digits.empty() || parts.digits.front() == '-' || parts.digits.front() == '+') return std::nullopt;
  const std::string digits = (negative ? "-" : "") + std::string(parts.digits);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, parts.base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t count = 0;
  while (at + count < text.size() && is_digit(text[at + count])) ++count;
  return count;
}

/// [-+]? ( .digits | digits [.digits] ) ( e [-+]? digits )?
bool is_decimal(std::string_view text) {
  std::size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const std::size_t whole = digits_at(text, at);
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = digits_at(text, ++at);
    if (whole == 0 && fraction == 0) return false;
    at += fraction;
  } else if (whole == 0) {
    return false;
  }
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  ++at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t exponent = digits_at(text, at);
  return exponent > 0 && at + exponent == text.size();
}

}  // namespace

Node plain_scalar(std::string_view text, Place place) {
  Node node;
  node.place = place;
  node.text = text;
  if (is_one_of(text, kNull)) return node;
  if (is_one_of(text, kTrue) || is_one_of(text, kFalse)) {
    node.kind = Node::Kind::Boolean;
    node.boolean = is_one_of(text, kTrue);
    return node;
  }
  if (is_one_of(text, kBeyond)) {
    node.kind = Node::Kind::Number;
    node.number = std::numeric_limits<double>::quiet_NaN();
    return node;
  }
  node.kind = Node::Kind::String;
  if (!is_digit(text.front()) && std::string_view("+-.").find(text.front()) == std::string_view::npos) return node;
  std::string plain(text);
  std::erase(plain, '_');
  if (const auto integer = integer_of(plain)) {
    node.kind = Node::Kind::Integer;
    node.integer = *integer;
    node.number = static_cast<double>(*integer);
  } else if (is_decimal(plain)) {
    node.kind = Node::Kind::Number;
    node.number = std::strtod(plain.c_str(), nullptr);
  }
  return node;
}

}  // namespace slipway

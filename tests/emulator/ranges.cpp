#include "tests/emulator/ranges.h"

#include <algorithm>
#include <charconv>

namespace slipway::emulator {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

RangeRequest parse_range(std::string_view header, std::uint64_t size) {
  using Kind = RangeRequest::Kind;
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return {};
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos || header.contains(',')) return {};
  const std::optional<std::uint64_t> first = number(header.substr(0, dash));
  const std::optional<std::uint64_t> last = number(header.substr(dash + 1));
  if (dash == 0) {
    if (!last) return {};
    if (*last == 0 || size == 0) return {.kind = Kind::Unsatisfiable, .part = {}};
    return {.kind = Kind::Part, .part = {.first = size - std::min(size, *last), .last = size - 1}};
  }
  if (!first || (!last && dash + 1 != header.size())) return {};
  if (*first >= size || (last && *last < *first)) return {.kind = Kind::Unsatisfiable, .part = {}};
  return {.kind = Kind::Part, .part = {.first = *first, .last = last ? std::min(*last, size - 1) : size - 1}};
}

std::optional<ByteRange> parse_content_range(std::string_view header) {
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint64_t> first = number(header.substr(0, dash));
  const std::optional<std::uint64_t> last = number(header.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return ByteRange{.first = *first, .last = *last};
}

}  // namespace slipway::emulator

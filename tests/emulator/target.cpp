#include "tests/emulator/target.h"

#include <charconv>
#include <utility>

#include "crds/base/text.h"

namespace slipway::emulator {
namespace {

std::string percent_decode(std::string_view text, bool form) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned value = 0;
    const char* digits = text.data() + at + 1;
    if (text[at] == '%' && at + 2 < text.size() && std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      out += static_cast<char>(value);
      at += 2;
    } else {
      out += form && text[at] == '+' ? ' ' : text[at];
    }
  }
  return out;
}

}  // namespace

std::string Target::parameter(const std::string& key) const {
  const auto found = query.find(key);
  return found == query.end() ? std::string() : found->second;
}

std::multimap<std::string, std::string> parse_query(std::string_view text) {
  std::multimap<std::string, std::string> query;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    std::string value =
        equals == std::string_view::npos ? std::string() : percent_decode(pair.substr(equals + 1), true);
    if (!pair.empty()) query.emplace(percent_decode(pair.substr(0, equals), true), std::move(value));
  }
  return query;
}

Target parse_target(std::string_view text) {
  const std::size_t question = text.find('?');
  Target target{.path = percent_decode(text.substr(0, question), false), .query = {}};
  if (question != std::string_view::npos) target.query = parse_query(text.substr(question + 1));
  return target;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kUnreserved = "-._~";
  std::string out;
  for (const char c : text) {
    if (is_alphanumeric(c) || kUnreserved.contains(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

}  // namespace slipway::emulator

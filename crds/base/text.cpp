#include "crds/base/text.h"

#include <algorithm>

namespace slipway {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void append_escaped(std::string& out, unsigned char byte) {
  switch (byte) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  out += "\\x";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

/// Of U+2000 to U+2FFF, by the bytes after the first: marks and embeddings that turn the direction of what follows, and
/// the ends of a line or paragraph. They show as nothing, and change what a person reads.
bool misleads(unsigned char second, unsigned char third) {
  const bool turns = third == 0x8E || third == 0x8F || (third >= 0xAA && third <= 0xAE);
  const bool ends = third == 0xA8 || third == 0xA9;
  return second == 0x80 ? turns || ends : second == 0x81 && third >= 0xA6 && third <= 0xA9;
}

void append_code_point(std::string& out, unsigned code) {
  out += "\\u";
  for (const unsigned shift : {12u, 8u, 4u, 0u}) out += kHex[(code >> shift) & 15];
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  const unsigned second = at(1);
  if (!is_continuation(static_cast<unsigned char>(second))) return 0;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (!is_continuation(static_cast<unsigned char>(at(2)))) return 0;
  if (first == 0xE0) return second >= 0xA0 ? 3 : 0;
  if (first == 0xED) return second <= 0x9F ? 3 : 0;
  if (first >= 0xE1 && first <= 0xEF) return 3;
  if (!is_continuation(static_cast<unsigned char>(at(3)))) return 0;
  if (first == 0xF0) return second >= 0x90 ? 4 : 0;
  if (first == 0xF4) return second <= 0x8F ? 4 : 0;
  return first >= 0xF1 && first <= 0xF3 ? 4 : 0;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return !is_continuation(static_cast<unsigned char>(byte)); }));
}

std::string visible(std::string_view text, std::size_t limit) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (i >= limit) return out + "…";
    const std::size_t length = utf8_length(text.substr(i));
    const auto byte = static_cast<unsigned char>(text[i]);
    if (length == 0 || byte < 0x20 || byte == 0x7F) {
      append_escaped(out, byte);
      ++i;
      continue;
    }
    if (byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) {  // The control characters of C1.
      append_escaped(out, byte);
      append_escaped(out, static_cast<unsigned char>(text[i + 1]));
      i += length;
      continue;
    }
    const auto at = [&](std::size_t offset) { return static_cast<unsigned char>(text[i + offset]); };
    if (byte == 0xE2 && misleads(at(1), at(2)))
      append_code_point(out, 0x2000u | ((at(1) & 0x3Fu) << 6) | (at(2) & 0x3Fu));
    else
      out += text.substr(i, length);
    i += length;
  }
  return out;
}

std::string quoted(std::string_view text, std::size_t limit) {
  return '"' + visible(text, limit) + '"';
}

std::string beginning_of(std::string text, std::size_t characters) {
  if (text.size() <= characters || count_characters(text) <= characters) return text;
  std::size_t end = 0;
  for (std::size_t kept = 1; kept < characters; ++kept)
    end += std::max<std::size_t>(utf8_length(std::string_view(text).substr(end)), 1);
  return text.substr(0, end) + "…";
}

std::string_view trimmed(std::string_view text, std::string_view space) {
  const std::size_t first = text.find_first_not_of(space);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace slipway

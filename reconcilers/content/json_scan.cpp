#include "reconcilers/content/json_scan.h"

#include <algorithm>
#include <cstddef>

namespace slipway::content {
namespace {

constexpr std::size_t kMaxDepth = 512;
constexpr std::size_t kMaxWord = 1000;
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
constexpr std::string_view kWordLetters = "+-.0123456789abcdefghijklmnopqrstuvwxyzE";

bool is_one_of(char c, std::string_view all) {
  return all.find(c) != std::string_view::npos;
}

bool is_space(char c) {
  return is_one_of(c, " \t\r\n");
}

/// Takes the digits at the front of `text` away; false when there is none.
bool skip_digits(std::string_view& text) {
  const auto count = std::min(text.find_first_not_of(kDigits), text.size());
  text.remove_prefix(count);
  return count > 0;
}

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.starts_with('0') && text.size() > 1 && is_one_of(text[1], kDigits)) return false;
  if (!skip_digits(text)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!skip_digits(text)) return false;
  }
  if (text.empty()) return true;
  if (!is_one_of(text.front(), "eE")) return false;
  text.remove_prefix(1);
  if (!text.empty() && is_one_of(text.front(), "+-")) text.remove_prefix(1);
  return skip_digits(text) && text.empty();
}

bool is_word(std::string_view text) {
  return text == "true" || text == "false" || text == "null" || is_number(text);
}

}  // namespace

void JsonScan::add(std::string_view piece) {
  for (const char c : piece) {
    if (is_broken()) return;
    take(c);
  }
}

void JsonScan::take(char c) {
  if (at_ == At::Text || at_ == At::Escape || at_ == At::Hex) return take_in_text(c);
  if (at_ == At::Word) return take_in_word(c);
  if (!is_space(c)) take_between(c);
}

void JsonScan::take_between(char c) {
  const At at = at_;
  at_ = At::Broken;
  if (at == At::Start && c == '{') return open(c);
  if (at == At::Value || (at == At::ItemOrEnd && c != ']')) return begin_value(c);
  if ((at == At::KeyOrEnd || at == At::Key) && c == '"') return begin_text(true);
  if (at == At::KeyOrEnd || at == At::ItemOrEnd) return close(c);
  if (at == At::Colon && c == ':') at_ = At::Value;
  if (at != At::CommaOrEnd) return;
  if (c != ',') return close(c);
  at_ = open_.back() == '}' ? At::Key : At::Value;
}

void JsonScan::begin_value(char c) {
  if (c == '{' || c == '[') return open(c);
  if (c == '"') return begin_text(false);
  at_ = At::Word;
  word_.clear();
  take_in_word(c);
}

void JsonScan::begin_text(bool is_key) {
  is_key_ = is_key;
  at_ = At::Text;
}

void JsonScan::open(char c) {
  if (open_.size() >= kMaxDepth) return;
  open_.push_back(c == '{' ? '}' : ']');
  at_ = c == '{' ? At::KeyOrEnd : At::ItemOrEnd;
}

void JsonScan::close(char c) {
  if (open_.back() != c) return;
  open_.pop_back();
  end_value();
}

void JsonScan::end_value() {
  at_ = open_.empty() ? At::End : At::CommaOrEnd;
}

void JsonScan::take_in_text(char c) {
  const At at = at_;
  at_ = At::Broken;
  if (at == At::Escape && c == 'u') {
    hex_digits_ = 4;
    at_ = At::Hex;
  } else if (at == At::Escape) {
    if (is_one_of(c, "\"\\/bfnrt")) at_ = At::Text;
  } else if (at == At::Hex) {
    if (is_one_of(c, kHexDigits)) at_ = --hex_digits_ == 0 ? At::Text : At::Hex;
  } else if (c == '"') {
    if (is_key_)
      at_ = At::Colon;
    else
      end_value();
  } else if (c == '\\') {
    at_ = At::Escape;
  } else if (static_cast<unsigned char>(c) >= ' ') {
    at_ = At::Text;
  }
}

/// Nothing marks the end of a word but what is none of it.
void JsonScan::take_in_word(char c) {
  if (is_one_of(c, kWordLetters) && word_.size() < kMaxWord) {
    word_.push_back(c);
    return;
  }
  at_ = At::Broken;
  if (!is_word(word_)) return;
  end_value();
  take(c);
}

}  // namespace slipway::content

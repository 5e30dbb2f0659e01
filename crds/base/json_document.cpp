#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "crds/base/document.h"
#include "crds/base/document_builder.h"
#include "crds/base/text.h"

namespace slipway {

namespace {

/// Finds where each token starts: nlohmann_json tells what it read but not where. The text up to a token was valid JSON
/// when this is asked, so skipping is enough.
class TokenCursor {
 public:
  explicit TokenCursor(std::string_view text) : text_(text) {}

  struct Token {
    Place place;
    std::string_view text;
  };

  Token next() {
    while (at_ < text_.size() && std::string_view(" \t\r\n,:").find(text_[at_]) != std::string_view::npos) step();
    const Token start{{line_, at_ - line_start_ + 1}, {}};
    const std::size_t from = at_;
    skip_token();
    return {start.place, text_.substr(from, at_ - from)};
  }

  static Place place_of(std::string_view text, std::size_t offset) {
    TokenCursor cursor(text);
    while (cursor.at_ < std::min(offset, text.size())) cursor.step();
    return {cursor.line_, cursor.at_ - cursor.line_start_ + 1};
  }

 private:
  void step() {
    if (text_[at_++] != '\n') return;
    ++line_;
    line_start_ = at_;
  }

  void skip_token() {
    if (at_ >= text_.size()) return;
    if (text_[at_] == '"') return skip_string();
    if (std::string_view("{}[]").find(text_[at_]) != std::string_view::npos) {
      ++at_;
      return;
    }
    while (at_ < text_.size() && std::string_view(" \t\r\n,:{}[]\"").find(text_[at_]) == std::string_view::npos) ++at_;
  }

  void skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    if (at_ < text_.size()) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t line_start_ = 0;
};

class SaxHandler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  SaxHandler(DocumentBuilder& builder, std::string_view text, std::string_view shallow)
      : builder_(builder), text_(text), shallow_(shallow), cursor_(text) {}

  bool null() override {
    return scalar(Node::Kind::Null, [](Node&) {});
  }
  bool boolean(bool value) override {
    return scalar(Node::Kind::Boolean, [&](Node& node) { node.boolean = value; });
  }
  bool number_integer(number_integer_t value) override {
    return scalar(Node::Kind::Integer, [&](Node& node) {
      node.integer = value;
      node.number = static_cast<double>(value);
    });
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (value <= static_cast<number_unsigned_t>(INT64_MAX)) return number_integer(static_cast<number_integer_t>(value));
    return number_float(static_cast<double>(value), {});
  }
  bool number_float(number_float_t value, const string_t& /*text*/) override {
    return scalar(Node::Kind::Number, [&](Node& node) { node.number = value; });
  }
  bool string(string_t& value) override {
    return scalar(Node::Kind::String, [&](Node& node) { node.text = std::move(value); });
  }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return open(Node::Kind::Map); }
  bool start_array(std::size_t /*size*/) override { return open(Node::Kind::List); }
  bool key(string_t& name) override {
    const Place place = cursor_.next().place;
    if (is_left_out(depth_)) return true;
    if (kept_depth_ == 0 && !shallow_.empty() && name == shallow_) kept_depth_ = depth_ + kKeptLevels;
    return builder_.key(std::move(name), place);
  }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& error) override {
    std::string_view what = error.what();
    if (const std::size_t dash = what.find(" - "); dash != std::string_view::npos) what.remove_prefix(dash + 3);
    if (const std::size_t bracket = what.find("] "); bracket != std::string_view::npos) what.remove_prefix(bracket + 2);
    what = what.substr(0, what.find("; last read:"));  // It can be a piece of a Secret.
    const Place place = TokenCursor::place_of(text_, position == 0 ? 0 : position - 1);
    builder_.problem(place, "this is not JSON: " + std::string(what), "check quotes, commas and brackets around here");
    return false;
  }

 private:
  static constexpr std::size_t kKeptLevels = 2;

  /// Whether what stands so deep is below what is kept of a shallow map.
  bool is_left_out(std::size_t depth) const { return kept_depth_ != 0 && depth > kept_depth_; }

  /// After the whole value under the shallow key, whatever it was.
  void end_shallow() {
    if (kept_depth_ == depth_ + kKeptLevels) kept_depth_ = 0;
  }

  bool open(Node::Kind kind) {
    const Place place = cursor_.next().place;
    ++depth_;
    if (!is_left_out(depth_)) return builder_.open(kind, place);
    if (is_left_out(depth_ - 1)) return true;
    Node node;
    node.kind = kind;
    node.place = place;
    return builder_.value(std::move(node));
  }

  template <class Fill>
  bool scalar(Node::Kind kind, Fill fill) {
    const auto token = cursor_.next();
    if (is_left_out(depth_)) return true;
    end_shallow();
    Node node;
    node.kind = kind;
    node.place = token.place;
    if (kind != Node::Kind::String) node.text = token.text;
    fill(node);
    return builder_.value(std::move(node));
  }

  bool end() {
    cursor_.next();
    const bool was_left_out = is_left_out(depth_--);
    end_shallow();
    return was_left_out || builder_.close();
  }

  DocumentBuilder& builder_;
  std::string_view text_;
  std::string_view shallow_;
  TokenCursor cursor_;
  std::size_t depth_ = 0;       ///< Maps and lists that are open.
  std::size_t kept_depth_ = 0;  ///< In the shallow map: how deep is kept; else 0.
};

bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x7f;
}

void append_plain(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

/// The code point of `character` (UTF-8) where YAML takes it for no character or for the end of a line; else 0. The API
/// server reads what is applied as YAML.
char32_t foreign_to_yaml(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(character[i])); };
  char32_t code = byte(0);
  if (character.size() == 2) code = (code & 0x1FU) << 6 | (byte(1) & 0x3FU);
  if (character.size() == 3) code = (code & 0x0FU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
  const bool is_control = code >= 0x7F && code < 0xA0 && character.size() < 3;
  const bool is_line_end = code == 0x2028 || code == 0x2029;
  const bool is_none = code == 0xFEFF || code == 0xFFFE || code == 0xFFFF;
  return is_control || is_line_end || is_none ? code : 0;
}

void append_escaped(std::string& out, char32_t code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (const int shift : {12, 8, 4, 0}) out += kDigits[code >> shift & 0xFU];
}

/// Nearly all texts are plain ASCII: those are not worth nlohmann_json's look at each byte.
void append_string(std::string& out, std::string_view text) {
  if (std::ranges::all_of(text, is_plain)) return append_plain(out, text);
  const std::string dumped = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  for (std::size_t i = 0, length = 0; i < dumped.size(); i += length) {
    const std::string_view rest = std::string_view(dumped).substr(i);
    length = std::max<std::size_t>(utf8_length(rest), 1);
    if (const char32_t code = foreign_to_yaml(rest.substr(0, length)); code != 0)
      append_escaped(out, code);
    else
      out += rest.substr(0, length);
  }
}

void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  if (value == 0 && std::signbit(value)) {
    out += "-0.0";
    return;
  }
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
}

void append(std::string& out, const Node& node) {
  bool first = true;
  switch (node.kind) {
    case Node::Kind::Null:
      out += "null";
      return;
    case Node::Kind::Boolean:
      out += node.boolean ? "true" : "false";
      return;
    case Node::Kind::Integer:
      out += std::to_string(node.integer);
      return;
    case Node::Kind::Number:
      append_number(out, node.number);
      return;
    case Node::Kind::String:
      append_string(out, node.text);
      return;
    case Node::Kind::List:
      out += '[';
      for (const auto& item : node.items) {
        if (!std::exchange(first, false)) out += ',';
        append(out, item);
      }
      out += ']';
      return;
    case Node::Kind::Map:
      out += '{';
      for (const auto& member : node.members) {
        if (!std::exchange(first, false)) out += ',';
        append_string(out, member.key);
        out += ':';
        append(out, member.value);
      }
      out += '}';
      return;
  }
}

}  // namespace

ReadDocument read_json(std::string_view text, std::string_view file, const DocumentLimits& limits) {
  DocumentBuilder builder(file, limits);
  if (text.size() > limits.bytes) {
    builder.problem({}, "the document has more than " + std::to_string(limits.bytes) + " bytes", "make it smaller");
    return builder.finish();
  }
  // nlohmann_json takes it for the end, whatever follows.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    builder.problem(TokenCursor::place_of(text, nul), "there is a NUL byte", "save the file as UTF-8 text");
    return builder.finish();
  }
  SaxHandler handler(builder, text, limits.shallow);
  nlohmann::json::sax_parse(text.begin(), text.end(), &handler);
  return builder.finish();
}

Document parse_json(std::string_view text, std::string_view file, const DocumentLimits& limits) {
  return read_json(text, file, limits).document;
}

std::string to_json_text(const Node& node) {
  std::string out;
  append(out, node);
  return out;
}

}  // namespace slipway

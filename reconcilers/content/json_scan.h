#pragma once

#include <string>
#include <string_view>

namespace slipway::content {

/// Tells whether bytes that come piece by piece are one JSON object (RFC 8259) and nothing else, and holds none of
/// them: its memory grows with the depth alone, of which 512 levels are the most. Strings are not checked to be UTF-8,
/// and keys may be there twice.
class JsonScan {
 public:
  void add(std::string_view piece);
  /// True when the object has ended and only white space came behind it.
  bool is_whole() const { return at_ == At::End; }
  /// True when nothing that may still come makes it one.
  bool is_broken() const { return at_ == At::Broken; }

 private:
  enum class At { Start, Value, ItemOrEnd, KeyOrEnd, Key, Colon, CommaOrEnd, Text, Escape, Hex, Word, End, Broken };

  void take(char c);
  void take_between(char c);
  void take_in_text(char c);
  void take_in_word(char c);
  void begin_value(char c);
  void begin_text(bool is_key);
  void open(char c);
  void close(char c);
  void end_value();

  At at_ = At::Start;
  std::string open_;     ///< '}' or ']' for each container that has not ended.
  std::string word_;     ///< A number, true, false or null.
  bool is_key_ = false;  ///< What the string is that has begun.
  int hex_digits_ = 0;   ///< Of an escape that are still to come.
};

}  // namespace slipway::content

#include "crds/base/glob.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "crds/base/text.h"

namespace slipway {

namespace {

constexpr std::size_t kLongestGlob = 512;

struct Token {
  enum class Kind { Literal, Segment, Anything };
  Kind kind = Kind::Literal;
  char literal = 0;
};

std::vector<Token> tokens_of(std::string_view pattern) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '*') {
      tokens.push_back({Token::Kind::Literal, pattern[i]});
      continue;
    }
    const std::size_t start = i;
    while (i + 1 < pattern.size() && pattern[i + 1] == '*') ++i;
    tokens.push_back({i == start ? Token::Kind::Segment : Token::Kind::Anything, 0});
  }
  return tokens;
}

bool stays(const Token& token, char c) {
  return token.kind == Token::Kind::Anything || (token.kind == Token::Kind::Segment && c != '/');
}

/// Marks every state that is reached from a marked one without reading: a star may match nothing.
void skip_stars(const std::vector<Token>& tokens, std::vector<bool>& active) {
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (active[i] && tokens[i].kind != Token::Kind::Literal) active[i + 1] = true;
}

/// State i is "the first i tokens have matched what was read"; all states advance together, so nothing is tried twice.
bool matches_tokens(const std::vector<Token>& tokens, std::string_view text) {
  std::vector<bool> active(tokens.size() + 1, false);
  active[0] = true;
  skip_stars(tokens, active);
  for (const char c : text) {
    std::vector<bool> next(tokens.size() + 1, false);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (!active[i]) continue;
      if (stays(tokens[i], c)) next[i] = true;
      if (tokens[i].kind == Token::Kind::Literal && tokens[i].literal == c) next[i + 1] = true;
    }
    skip_stars(tokens, next);
    active.swap(next);
  }
  return active.back();
}

bool is_glob_character(char c) {
  return is_alphanumeric(c) || std::string_view("._-/:*").find(c) != std::string_view::npos;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  const std::size_t first = pattern.find('*');
  if (first == std::string_view::npos) return pattern == text;
  const std::size_t last = pattern.rfind('*');
  const std::string_view prefix = pattern.substr(0, first);
  const std::string_view suffix = pattern.substr(last + 1);
  if (text.size() < prefix.size() + suffix.size()) return false;
  if (!text.starts_with(prefix) || !text.ends_with(suffix)) return false;
  const std::string_view middle = text.substr(prefix.size(), text.size() - prefix.size() - suffix.size());
  const std::string_view stars = pattern.substr(first, last - first + 1);
  if (stars == "*") return middle.find('/') == std::string_view::npos;
  if (stars == "**") return true;
  return matches_tokens(tokens_of(stars), middle);
}

Result<void> check_glob(std::string_view pattern) {
  constexpr std::string_view kRemedy = "'*' stands for anything but '/', '**' crosses it, everything else is itself";
  if (pattern.empty()) return fail(ErrorClass::Invalid, "the pattern is empty", "write \"**\" for everything");
  if (pattern.size() > kLongestGlob)
    return fail(ErrorClass::Invalid, "the pattern " + quoted(pattern, 40) + " is longer than 512 characters",
                "write a shorter one, with '*' or '**' for what varies");
  const auto* wrong = std::find_if_not(pattern.begin(), pattern.end(), is_glob_character);
  if (wrong == pattern.end()) return {};
  const auto place = static_cast<std::size_t>(wrong - pattern.begin());
  const std::size_t length = std::max<std::size_t>(utf8_length(pattern.substr(place)), 1);
  return fail(ErrorClass::Invalid,
              "the pattern " + quoted(pattern) + " has " + quoted(pattern.substr(place, length)) +
                  ", which no repository or tag can have",
              std::string(kRemedy));
}

}  // namespace slipway

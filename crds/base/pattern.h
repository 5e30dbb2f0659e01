#pragma once

#include <memory>
#include <string_view>

namespace re2 {
class RE2;
}

namespace slipway {

/// A regular expression of a schema, compiled once. Any thread may match. `text` must be RE2; anything else is a bug
/// and ends the process.
class Pattern {
 public:
  explicit Pattern(std::string_view text);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  bool matches(std::string_view text) const;

 private:
  std::unique_ptr<const re2::RE2> expression_;
};

}  // namespace slipway

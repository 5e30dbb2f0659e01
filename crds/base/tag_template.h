#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crds/base/result.h"

namespace slipway {

/// One {{name}} or {{name:length}} of a tag template.
struct TagVariable {
  enum class Kind { Commit, Version, Major, Minor, Patch, Number, Environment, Branch, Date, Digest, Label };
  Kind kind = Kind::Commit;
  std::string label;                  ///< For Label: the key after "labels.".
  std::optional<std::size_t> length;  ///< At most so many characters: {{commit:7}}, {{digest:12}}.
  bool operator==(const TagVariable&) const = default;
};

/// A parsed tag template, e.g. "v{{major}}.{{minor}}-{{commit:7}}".
class TagTemplate {
 public:
  /// Invalid names the place inside the template, what was found and which variables exist. Literals are letters,
  /// digits, '.', '_' and '-'. A length may be given to commit (from 4), digest (from 6), branch and labels (from 1).
  static Result<TagTemplate> parse(std::string_view text);

  using Part = std::variant<std::string, TagVariable>;
  const std::vector<Part>& parts() const { return parts_; }
  const std::string& text() const { return text_; }
  bool uses(TagVariable::Kind kind) const;

  bool operator==(const TagTemplate&) const = default;

 private:
  std::string text_;
  std::vector<Part> parts_;
};

}  // namespace slipway

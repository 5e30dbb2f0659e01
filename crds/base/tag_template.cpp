#include "crds/base/tag_template.h"

#include <algorithm>
#include <array>

#include "crds/base/text.h"

namespace slipway {

namespace {

using Kind = TagVariable::Kind;

constexpr std::string_view kSpace = " ";
constexpr std::size_t kLongestTemplate = 512;
constexpr std::size_t kLongestTag = 128;
constexpr std::size_t kLongestLabelKey = 63;
constexpr std::string_view kVariables =
    "the variables are {{commit}}, {{commit:7}}, {{version}}, {{major}}, {{minor}}, {{patch}}, {{number}}, "
    "{{environment}}, {{branch}}, {{date}}, {{digest:12}} and {{labels.KEY}}";

struct Variable {
  std::string_view name;
  Kind kind;
  std::size_t shortest;  ///< Least length that may be given; 0: none may be given.
};

/// A commit or digest shorter than this would soon name two things.
constexpr std::array<Variable, 10> kTable{{{"commit", Kind::Commit, 4},
                                           {"version", Kind::Version, 0},
                                           {"major", Kind::Major, 0},
                                           {"minor", Kind::Minor, 0},
                                           {"patch", Kind::Patch, 0},
                                           {"number", Kind::Number, 0},
                                           {"environment", Kind::Environment, 0},
                                           {"branch", Kind::Branch, 1},
                                           {"date", Kind::Date, 0},
                                           {"digest", Kind::Digest, 6}}};
constexpr Variable kLabel{"labels.", Kind::Label, 1};

std::unexpected<Error> invalid(std::string message, std::string_view remedy) {
  return fail(ErrorClass::Invalid, std::move(message), std::string(remedy));
}

bool is_tag_character(char c) {
  return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
}
bool is_label_character(char c) {
  return is_tag_character(c) || c == '/';
}

Result<std::size_t> parse_length(std::string_view text, const Variable& variable) {
  std::size_t value = 0;
  const bool numeric = !text.empty() && text.size() <= 3 && std::all_of(text.begin(), text.end(), is_digit);
  if (numeric)
    for (const char c : text) value = value * 10 + static_cast<std::size_t>(c - '0');
  if (numeric && value >= variable.shortest && value <= kLongestTag) return value;
  return invalid("the length " + quoted(text) + " is not possible",
                 "write a number from " + std::to_string(variable.shortest) + " to 128");
}

Result<Variable> find_variable(std::string_view name) {
  if (name.starts_with(kLabel.name)) return kLabel;
  const auto* found = std::find_if(kTable.begin(), kTable.end(), [&](const Variable& v) { return v.name == name; });
  if (found != kTable.end()) return *found;
  return invalid("there is no variable " + quoted(name), kVariables);
}

/// `text` is what stands between the braces.
Result<TagVariable> parse_variable(std::string_view text) {
  text = trimmed(text, kSpace);
  const std::size_t colon = text.find(':');
  const std::string_view name = trimmed(text.substr(0, colon), kSpace);
  const auto variable = find_variable(name);
  if (!variable) return std::unexpected(variable.error());
  TagVariable out{.kind = variable->kind, .label = {}, .length = std::nullopt};
  if (variable->kind == Kind::Label) {
    out.label = name.substr(kLabel.name.size());
    if (out.label.empty() || out.label.size() > kLongestLabelKey ||
        !std::all_of(out.label.begin(), out.label.end(), is_label_character))
      return invalid("the label key " + quoted(out.label) + " is not possible",
                     "write {{labels.KEY}} with a key of spec.build.labels, e.g. {{labels.pr}}");
  }
  if (colon == std::string_view::npos) return out;
  if (variable->shortest == 0)
    return invalid("{{" + std::string(name) + "}} takes no length", "write {{" + std::string(name) + "}}");
  const auto length = parse_length(trimmed(text.substr(colon + 1), kSpace), *variable);
  if (!length) return std::unexpected(length.error());
  out.length = *length;
  return out;
}

Result<void> check_literal(std::string_view literal, bool first) {
  const auto* wrong = std::find_if_not(literal.begin(), literal.end(), is_tag_character);
  if (wrong != literal.end()) {
    const auto place = static_cast<std::size_t>(wrong - literal.begin());
    const std::size_t length = std::max<std::size_t>(utf8_length(literal.substr(place)), 1);
    return invalid("no tag can have " + quoted(literal.substr(place, length)),
                   "write letters, digits, '.', '_' and '-', and variables in double braces");
  }
  if (first && (literal.front() == '.' || literal.front() == '-'))
    return invalid("no tag can start with " + quoted(literal.substr(0, 1)), "start with a letter, a digit or '_'");
  return {};
}

/// Reads a template from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<std::vector<TagTemplate::Part>> read() {
    while (at_ < text_.size()) {
      const auto done = text_.substr(at_).starts_with("{{") ? read_variable() : read_literal();
      if (!done) return while_doing("at character " + std::to_string(at_ + 1), done.error());
    }
    return std::move(parts_);
  }

 private:
  Result<void> read_variable() {
    const std::size_t end = text_.find("}}", at_);
    if (end == std::string_view::npos) return invalid("\"{{\" is not closed", "write }} after the variable");
    auto variable = parse_variable(text_.substr(at_ + 2, end - at_ - 2));
    if (!variable) return std::unexpected(variable.error());
    parts_.emplace_back(std::move(*variable));
    at_ = end + 2;
    return {};
  }

  Result<void> read_literal() {
    const std::string_view literal = text_.substr(at_, text_.find("{{", at_) - at_);
    const auto checked = check_literal(literal, parts_.empty());
    if (!checked) return checked;
    parts_.emplace_back(std::string(literal));
    at_ += literal.size();
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<TagTemplate::Part> parts_;
};

std::size_t literal_length(const std::vector<TagTemplate::Part>& parts) {
  std::size_t sum = 0;
  for (const auto& part : parts)
    if (const auto* literal = std::get_if<std::string>(&part)) sum += literal->size();
  return sum;
}

}  // namespace

Result<TagTemplate> TagTemplate::parse(std::string_view text) {
  const auto doing = [&] { return "the tag template " + quoted(text, 160); };
  if (text.empty()) return invalid("the tag template is empty", kVariables);
  if (text.size() > kLongestTemplate)
    return invalid(doing() + " is longer than 512 characters", "a tag has at most 128 characters");
  auto parts = Reader(text).read();
  if (!parts) return while_doing(doing(), parts.error());
  if (literal_length(*parts) > kLongestTag)
    return invalid(doing() + " gives tags of more than 128 characters", "write a shorter one");
  TagTemplate out;
  out.text_ = text;
  out.parts_ = std::move(*parts);
  return out;
}

bool TagTemplate::uses(Kind kind) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    const auto* variable = std::get_if<TagVariable>(&part);
    return variable != nullptr && variable->kind == kind;
  });
}

}  // namespace slipway

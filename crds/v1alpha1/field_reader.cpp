#include "crds/v1alpha1/field_reader.h"

#include <algorithm>
#include <set>

#include "crds/base/article.h"
#include "crds/base/text.h"
#include "crds/v1alpha1/forms.h"

namespace slipway {

namespace {

constexpr std::size_t kLongestStep = 320;  // What a label's key can have.

std::size_t edit_distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  for (std::size_t i = 0; i <= other.size(); ++i) row[i] = i;
  for (std::size_t i = 1; i <= one.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t k = 1; k <= other.size(); ++k) {
      const std::size_t replace = diagonal + (one[i - 1] == other[k - 1] ? 0 : 1);
      diagonal = row[k];
      row[k] = std::min({row[k] + 1, row[k - 1] + 1, replace});
    }
  }
  return row[other.size()];
}

std::string found_instead(const Node& node) {
  switch (node.kind) {
    case Node::Kind::Null:
      return "nothing is given";
    case Node::Kind::List:
      return "a list is given";
    case Node::Kind::Map:
      return "a map is given";
    default:
      return quoted(node.text) + " is " + with_article(node.kind);
  }
}

bool is_unquoted(const Node& node) {
  return node.kind == Node::Kind::Boolean || node.kind == Node::Kind::Integer || node.kind == Node::Kind::Number;
}

std::string wanted(const Node& node, Node::Kind kind) {
  if (kind == Node::Kind::String && is_unquoted(node)) return "quote it: \"" + node.text + "\"";
  switch (kind) {
    case Node::Kind::Boolean:
      return "write true or false";
    case Node::Kind::Integer:
      return "write a whole number";
    case Node::Kind::List:
      return "write a list, each item after a '-'";
    case Node::Kind::Map:
      return "write fields, each as name: value";
    default:
      return "write a text";
  }
}

/// Also what is wrong with the text that it would be in quotes.
std::string wanted_text(const Node& node, const FieldInfo& info) {
  std::string quoting = wanted(node, Node::Kind::String);
  if (!is_unquoted(node) || info.check == nullptr) return quoting;
  const auto checked = info.check(node.text);
  return checked ? quoting : "quote it, and " + checked.error().remedy;
}

std::string at_least(std::size_t characters) {
  return "write at least " + std::to_string(characters) + (characters == 1 ? " character" : " characters");
}

}  // namespace

std::string joined(const std::vector<std::string_view>& words) {
  std::string out;
  for (const auto word : words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

std::string_view closest_to(std::string_view text, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(text.size() / 3, 1) + 1;
  for (const auto candidate : candidates) {
    if (text.size() > candidate.size() + 64) continue;
    const std::size_t distance = edit_distance(lower_case(text), lower_case(candidate));
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

FieldReader::Step::Step(FieldReader& reader, std::string_view name) : reader_(reader), length_(reader.path_.size()) {
  if (!reader_.path_.empty()) reader_.path_ += '.';
  reader_.path_ += name.size() <= kLongestStep ? name : "…";
}
FieldReader::Step::Step(FieldReader& reader, std::size_t index) : reader_(reader), length_(reader.path_.size()) {
  reader_.path_ += '[' + std::to_string(index) + ']';
}
FieldReader::Step::~Step() {
  reader_.path_.resize(length_);
}

void FieldReader::add(Problem problem) {
  const auto origin = std::find_if(origins_.rbegin(), origins_.rend(),
                                   [&](const auto& each) { return is_at_or_below(path_, each.first); });
  if (origin != origins_.rend()) problem.message = origin->second + ": " + problem.message;
  problem.file = file_;
  problem.field = path_;
  problems_.add(std::move(problem));
}

void FieldReader::problem(Place place, std::string message, std::string expected) {
  add({{}, place, {}, std::move(message), std::move(expected), "Invalid", false});
}
void FieldReader::refuse(Place place, std::string message, std::string expected) {
  add({{}, place, {}, std::move(message), std::move(expected), "Refused", false});
}
void FieldReader::warn(Place place, std::string message, std::string expected) {
  add({{}, place, {}, std::move(message), std::move(expected), "Invalid", true});
}

void FieldReader::problem(Place place, const Error& error) {
  problem(place, error.message, error.remedy);
}

bool FieldReader::is_refused(std::string_view field) const {
  const std::string path = path_.empty() ? std::string(field) : path_ + '.' + std::string(field);
  return std::ranges::any_of(problems_.kept(), [&](const Problem& known) {
    return !known.warning && !known.field.empty() && is_at_or_below(path, known.field);
  });
}

std::string FieldReader::giver_of(const std::string& field) const {
  const auto found = givers_.find(field);
  return found == givers_.end() ? std::string{} : found->second;
}

bool FieldReader::expect(const Node& node, Node::Kind kind) {
  return node.kind == kind || expect(node, kind, wanted(node, kind));
}

bool FieldReader::expect(const Node& node, Node::Kind kind, std::string expected) {
  if (node.kind == kind) return true;
  problem(node.place, found_instead(node), std::move(expected));
  return false;
}

bool FieldReader::read_string(const Node& node, const FieldInfo& info, std::string& value) {
  if (node.kind != Node::Kind::String) return expect(node, Node::Kind::String, wanted_text(node, info));
  value = node.text;
  const std::size_t length = count_characters(value);
  if (length < info.min_length) {
    problem(node.place, value.empty() ? "it is empty" : quoted(value) + " is too short",
            value.empty() && !info.required ? "give it a value, or leave it out" : at_least(info.min_length));
    return false;
  }
  if (length > info.max_length) {
    problem(node.place, "it has " + std::to_string(length) + " characters",
            "write at most " + std::to_string(info.max_length));
    return false;
  }
  if (info.check != nullptr) {
    const auto checked = info.check(value);
    if (checked) return true;
    problem(node.place, checked.error());
    return false;
  }
  if (!info.one_of.empty() && std::ranges::find(info.one_of, value) == info.one_of.end()) {
    check_choice(node, value, {info.one_of.begin(), info.one_of.end()});
    return false;
  }
  if (info.compiled == nullptr || info.compiled->matches(value)) return true;
  const auto form = form_of(info.pattern);
  problem(node.place, quoted(value) + " is not of the right form",
          form.empty() ? "it must match " + std::string(info.pattern) : std::string(form));
  return false;
}

void FieldReader::unknown_field(const Node::Member& member, const std::vector<std::string_view>& known) {
  if (lenient_) return;
  const Step step(*this, member.key);
  const auto close = closest_to(member.key, known);
  const std::string hint =
      close.empty() ? "the fields here are " + joined(known) : "did you mean " + quoted(close) + "?";
  problem(member.place, "the field " + quoted(member.key) + " is not known", hint);
}

void FieldReader::missing(const Node& map, std::string_view field, std::string_view description) {
  const Step step(*this, field);
  problem(map.place, "the field is missing", "add it: " + std::string(description));
}

void FieldReader::check_list(const Node& list, const FieldInfo& info) {
  if (list.items.size() < info.min_items)
    problem(list.place, "the list has " + std::to_string(list.items.size()) + " items",
            "write at least " + std::to_string(info.min_items));
  if (list.items.size() > info.max_items)
    problem(list.place, "the list has " + std::to_string(list.items.size()) + " items",
            "write at most " + std::to_string(info.max_items));
  if (info.list_map_key.empty()) return;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Node* key = list.items[i].find(info.list_map_key);
    if (key == nullptr || seen.insert(key->text).second) continue;
    const Step index(*this, i);
    const Step name(*this, info.list_map_key);
    problem(key->place, quoted(key->text) + " stands in this list before", "give each item its own");
  }
}

void FieldReader::check_choice(const Node& node, const std::string& found, const std::vector<std::string>& choices) {
  // Of a few values the nearest in spelling is often not what is meant: Mutable is not Immutable.
  constexpr std::size_t kFew = 3;
  const std::vector<std::string_view> known(choices.begin(), choices.end());
  auto close = closest_to(found, known);
  if (known.size() <= kFew && lower_case(close) != lower_case(found)) close = {};
  problem(node.place, quoted(found) + " is not one of the values",
          close.empty() ? "write one of " + joined(known) : "did you mean " + std::string(close) + "?");
}

}  // namespace slipway

#include "reconcilers/json.h"

#include <algorithm>
#include <array>
#include <utility>

#include "crds/base/make_node.h"
#include "crds/base/text.h"

namespace slipway::json {

namespace {

/// As Go's encoding/json compares keys: ASCII without case, the long s as s, the Kelvin sign as k.
std::string folded(std::string_view key) {
  constexpr std::array<std::pair<std::string_view, char>, 2> kLetters{{{"\u017F", 's'}, {"\u212A", 'k'}}};
  std::string out;
  while (!key.empty()) {
    const auto* letter = std::ranges::find_if(kLetters, [&](const auto& each) { return key.starts_with(each.first); });
    const bool is_one = letter != kLetters.end();
    out += is_one ? letter->second : key.front();
    key.remove_prefix(is_one ? letter->first.size() : 1);
  }
  return lower_case(out);
}

/// What is longer folds to none of them: a letter that folds has three bytes at most.
std::size_t longest_lookalike(std::span<const std::string_view> known) {
  std::size_t longest = 0;
  for (const std::string_view name : known) longest = std::max(longest, 3 * name.size());
  return longest;
}

}  // namespace

const Node& at(const Node& map, std::string_view key) {
  static const Node null;
  const Node* found = map.find(key);
  return found == nullptr ? null : *found;
}

std::string text_at(const Node& map, std::string_view key) {
  const Node& found = at(map, key);
  return found.kind == Node::Kind::String ? found.text : std::string();
}

std::optional<std::int64_t> integer_at(const Node& map, std::string_view key) {
  const Node& found = at(map, key);
  if (found.kind != Node::Kind::Integer) return std::nullopt;
  return found.integer;
}

const std::vector<Node>& items_at(const Node& map, std::string_view key) {
  return at(map, key).items;
}

const std::string* lookalike_key(const Node& map, std::span<const std::string_view> known) {
  const std::size_t longest = longest_lookalike(known);
  for (const auto& member : map.members) {
    if (member.key.size() > longest || std::ranges::find(known, member.key) != known.end()) continue;
    const std::string key = folded(member.key);
    if (std::ranges::any_of(known, [&](std::string_view name) { return lower_case(name) == key; })) return &member.key;
  }
  return nullptr;
}

std::vector<std::string> texts_at(const Node& map, std::string_view key) {
  std::vector<std::string> out;
  for (const Node& item : items_at(map, key))
    if (item.kind == Node::Kind::String) out.push_back(item.text);
  return out;
}

std::map<std::string, std::string> text_map_at(const Node& map, std::string_view key) {
  std::map<std::string, std::string> out;
  for (const auto& member : at(map, key).members)
    if (member.value.kind == Node::Kind::String) out.emplace(member.key, member.value.text);
  return out;
}

Node text(std::string_view value) {
  return string_node(value);
}

Node integer(std::int64_t value) {
  return integer_node(value);
}

Node boolean(bool value) {
  return boolean_node(value);
}

Node list(std::vector<Node> items) {
  return list_node(std::move(items));
}

Node text_list(const std::vector<std::string>& items) {
  return list_of(items, [](const std::string& item) { return text(item); });
}

Node text_map(const std::map<std::string, std::string>& members) {
  MapBuilder out;
  for (const auto& [key, value] : members) out.add(key, text(value));
  return out.build();
}

MapBuilder& MapBuilder::add(std::string key, Node value) {
  node_.members.push_back({.key = std::move(key), .place = {}, .value = std::move(value)});
  return *this;
}

MapBuilder& MapBuilder::add_text(std::string key, const std::string& value) {
  if (!value.empty()) add(std::move(key), text(value));
  return *this;
}

MapBuilder& MapBuilder::add_integer(std::string key, std::optional<std::int64_t> value) {
  if (value) add(std::move(key), integer(*value));
  return *this;
}

Node MapBuilder::empty_map() {
  return map_node();
}

}  // namespace slipway::json

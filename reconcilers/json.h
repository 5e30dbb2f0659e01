#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/base/document.h"

/// Reading strangers' JSON by key, and writing canonical JSON.
namespace slipway::json {

/// The member's string; empty when `map` is no map, has no such member, or that is no string.
std::string text_at(const Node& map, std::string_view key);
std::optional<std::int64_t> integer_at(const Node& map, std::string_view key);
/// The member's items; none when it is absent, null or no list.
const std::vector<Node>& items_at(const Node& map, std::string_view key);
/// The member; a null node when it is absent.
const Node& at(const Node& map, std::string_view key);
/// The first key that is none of `known` but that parsers which overlook case (Go's) would take for one; null when
/// there is none. Such a map says one thing here and another elsewhere.
const std::string* lookalike_key(const Node& map, std::span<const std::string_view> known);
/// The string items of a list; what is no string is left out.
std::vector<std::string> texts_at(const Node& map, std::string_view key);
/// The string members of a map; what is no string is left out.
std::map<std::string, std::string> text_map_at(const Node& map, std::string_view key);

Node text(std::string_view value);
Node integer(std::int64_t value);
Node boolean(bool value);
Node list(std::vector<Node> items);
/// One item for each of `values`, made by `to_item`.
template <class T, class ToItem>
Node list_of(const std::vector<T>& values, ToItem to_item) {
  std::vector<Node> items;
  items.reserve(values.size());
  for (const auto& value : values) items.push_back(to_item(value));
  return list(std::move(items));
}
Node text_list(const std::vector<std::string>& items);
Node text_map(const std::map<std::string, std::string>& members);

/// A map that is filled in the order in which its text shall have the members.
class MapBuilder {
 public:
  MapBuilder& add(std::string key, Node value);
  /// Leaves the member out when the value is empty.
  MapBuilder& add_text(std::string key, const std::string& value);
  MapBuilder& add_integer(std::string key, std::optional<std::int64_t> value);
  Node build() const { return node_; }

 private:
  Node node_ = empty_map();
  static Node empty_map();
};

}  // namespace slipway::json

#include "controller/cluster/status_remains.h"

#include <algorithm>
#include <utility>

#include "crds/base/make_node.h"
#include "reconcilers/json.h"

namespace slipway::cluster {
namespace {

bool is_empty(const Node& node) {
  using enum Node::Kind;
  const bool has_parts = node.kind == Map || node.kind == List;
  return node.kind == Null || (has_parts && node.members.empty() && node.items.empty());
}

bool has_remains(const std::vector<Node>& there, const std::vector<Node>& wanted) {
  const auto has_type_in = [](const std::vector<Node>& list, const std::string& type) {
    return std::ranges::any_of(list, [&](const Node& each) { return json::text_at(each, "type") == type; });
  };
  return std::ranges::any_of(there, [&](const Node& each) {
    const std::string type = json::text_at(each, "type");
    return type.empty() ? there.size() > wanted.size() : !has_type_in(wanted, type);
  });
}

}  // namespace

std::optional<Node> remains(const Node& there, const Node& wanted) {
  Node patch = map_node();
  for (const auto& [key, place, value] : there.members) {
    const Node* const kept = wanted.find(key);
    if (kept == nullptr && !is_empty(value)) {
      add(patch, key, Node{});
    } else if (kept != nullptr && value.kind == Node::Kind::List) {
      // A merge patch has lists whole.
      if (has_remains(value.items, kept->items)) add(patch, key, *kept);
    } else if (kept != nullptr) {
      if (auto below = remains(value, *kept)) add(patch, key, std::move(*below));
    }
  }
  return patch.members.empty() ? std::nullopt : std::optional(std::move(patch));
}

}  // namespace slipway::cluster

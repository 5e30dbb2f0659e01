#include "crds/base/make_node.h"

namespace slipway {

Node string_node(std::string_view text) {
  Node node;
  node.kind = Node::Kind::String;
  node.text = text;
  return node;
}

Node integer_node(std::int64_t value) {
  Node node;
  node.kind = Node::Kind::Integer;
  node.integer = value;
  node.number = static_cast<double>(value);
  node.text = std::to_string(value);
  return node;
}

Node boolean_node(bool value) {
  Node node;
  node.kind = Node::Kind::Boolean;
  node.boolean = value;
  node.text = value ? "true" : "false";
  return node;
}

Node list_node(std::vector<Node> items) {
  Node node;
  node.kind = Node::Kind::List;
  node.items = std::move(items);
  return node;
}

Node map_node() {
  Node node;
  node.kind = Node::Kind::Map;
  return node;
}

void add(Node& map, std::string_view key, Node value) {
  map.members.push_back({std::string(key), {}, std::move(value)});
}

}  // namespace slipway

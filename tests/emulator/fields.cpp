#include "tests/emulator/fields.h"

#include "crds/base/text.h"

namespace slipway::emulator {

Fields::Fields(const Node& node, std::string place) : node_(node), place_(std::move(place)) {
  if (node.kind != Node::Kind::Map)
    problem_ = place_ + ": expected a map, found a " + std::string(to_string(node.kind));
}

void Fields::refuse(std::string_view name, const std::string& why) {
  if (problem_.empty()) problem_ = place_ + "." + std::string(name) + ": " + why;
}

const Node* Fields::child(std::string_view name) {
  asked_.emplace(name);
  return node_.find(name);
}

bool Fields::optional(std::string_view name, std::string& value) {
  const Node* node = child(name);
  if (node == nullptr) return false;
  if (node->kind != Node::Kind::String) refuse(name, "expected a string");
  value = node->text;
  return true;
}

bool Fields::optional(std::string_view name, std::uint64_t& value) {
  const Node* node = child(name);
  if (node == nullptr) return false;
  if (node->kind != Node::Kind::Integer || node->integer < 0) refuse(name, "expected a number that is not negative");
  value = static_cast<std::uint64_t>(node->integer);
  return true;
}

bool Fields::optional(std::string_view name, bool& value) {
  const Node* node = child(name);
  if (node == nullptr) return false;
  if (node->kind != Node::Kind::Boolean) refuse(name, "expected true or false");
  value = node->boolean;
  return true;
}

bool Fields::optional(std::string_view name, std::vector<std::string>& value) {
  const Node* node = child(name);
  if (node == nullptr) return false;
  if (node->kind != Node::Kind::List) refuse(name, "expected a list");
  value.clear();
  for (const Node& item : node->items) {
    if (item.kind != Node::Kind::String) refuse(name, "expected strings");
    value.push_back(item.text);
  }
  return true;
}

void Fields::required(std::string_view name, std::string& value) {
  if (!optional(name, value)) refuse(name, "is missing");
}

void Fields::check_unknown() {
  for (const Node::Member& member : node_.members)
    if (!asked_.contains(member.key)) refuse(quoted(member.key), "no such field");
}

}  // namespace slipway::emulator

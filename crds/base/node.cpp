#include <algorithm>

#include "crds/base/article.h"
#include "crds/base/document.h"
#include "crds/base/text.h"

namespace slipway {

namespace {

/// `part` is a name or "[index]".
const Node* child(const Node& node, std::string_view part) {
  if (!part.starts_with('[')) return node.find(part);
  std::size_t index = 0;
  for (const char c : part)
    if (is_digit(c)) index = index * 10 + static_cast<std::size_t>(c - '0');
  return index < node.items.size() ? &node.items[index] : nullptr;
}

}  // namespace

Place place_of(const Node& root, std::string_view path) {
  const Node* node = &root;
  while (!path.empty()) {
    const std::size_t end = path.find_first_of(".[", 1);
    const Node* next = child(*node, path.substr(0, end));
    if (next == nullptr) break;
    node = next;
    path = end == std::string_view::npos ? std::string_view{} : path.substr(path[end] == '.' ? end + 1 : end);
  }
  return node->place;
}

const Node* Node::find(std::string_view key) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.key == key; });
  return found == members.end() ? nullptr : &found->value;
}

std::string_view to_string(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::Null:
      return "null";
    case Node::Kind::Boolean:
      return "boolean";
    case Node::Kind::Integer:
      return "integer";
    case Node::Kind::Number:
      return "number";
    case Node::Kind::String:
      return "string";
    case Node::Kind::List:
      return "list";
    case Node::Kind::Map:
      return "map";
  }
  return "null";
}

std::string with_article(Node::Kind kind) {
  return (kind == Node::Kind::Integer ? "an " : "a ") + std::string(to_string(kind));
}

std::string to_string(const Problem& problem) {
  std::string out = problem.file;
  if (problem.place.line != 0) {
    if (!out.empty()) out += ':';
    out += std::to_string(problem.place.line) + ':' + std::to_string(problem.place.column);
  }
  for (const auto& part : {problem.field, problem.message})
    if (!part.empty()) out += (out.empty() ? "" : ": ") + part;
  if (!problem.expected.empty()) out += "; " + problem.expected;
  return visible(out);
}

}  // namespace slipway

#include <algorithm>

#include "crds/base/document.h"

namespace slipway {

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

std::string to_string(const Problem& problem) {
  std::string out = problem.file;
  if (problem.place.line != 0) {
    if (!out.empty()) out += ':';
    out += std::to_string(problem.place.line) + ':' + std::to_string(problem.place.column);
  }
  for (const auto& part : {problem.field, problem.message})
    if (!part.empty()) out += (out.empty() ? "" : ": ") + part;
  if (!problem.expected.empty()) out += "; " + problem.expected;
  return out;
}

}  // namespace slipway

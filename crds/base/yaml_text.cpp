#include <yaml-cpp/emitter.h>

#include "crds/base/scalar.h"
#include "crds/v1alpha1/resources.h"

namespace slipway {

namespace {

/// Quoted when another reader could take it for something else than this text.
void emit_string(YAML::Emitter& out, const std::string& text) {
  const bool typed = plain_scalar(text, {}).kind != Node::Kind::String;
  const bool short_boolean = text == "y" || text == "n" || text == "Y" || text == "N";
  if (text.find('\n') != std::string::npos)
    out << YAML::Literal << text;
  else if (typed || short_boolean)
    out << YAML::DoubleQuoted << text;
  else
    out << text;
}

void emit(YAML::Emitter& out, const Node& node) {
  switch (node.kind) {
    case Node::Kind::String:
      return emit_string(out, node.text);
    case Node::Kind::List:
      if (node.items.empty()) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const auto& item : node.items) emit(out, item);
      out << YAML::EndSeq;
      return;
    case Node::Kind::Map:
      if (node.members.empty()) out << YAML::Flow;
      out << YAML::BeginMap;
      for (const auto& member : node.members) {
        out << YAML::Key;
        emit_string(out, member.key);
        out << YAML::Value;
        emit(out, member.value);
      }
      out << YAML::EndMap;
      return;
    case Node::Kind::Null:
      out << YAML::Null;
      return;
    default:
      out << to_json_text(node);
      return;
  }
}

}  // namespace

std::string to_yaml_text(const Node& node) {
  YAML::Emitter out;
  emit(out, node);
  return std::string(out.c_str()) + '\n';
}

}  // namespace slipway

#include <yaml-cpp/emitter.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "crds/base/scalar.h"
#include "crds/v1alpha1/resources.h"

namespace slipway {

namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

/// Whether a reader would refuse it where it stands as it is, or take it for the end of a line: C1 controls, the line
/// ends of Unicode, a byte order mark. Noncharacters the emitter replaces.
bool has_unprintable(std::string_view text) {
  constexpr std::array<std::string_view, 3> kUnprintable{"\u2028", "\u2029", "\uFEFF"};
  for (std::size_t at = text.find('\xC2'); at != std::string_view::npos; at = text.find('\xC2', at + 1))
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0) return true;
  return text.find('\x7F') != std::string_view::npos || std::ranges::any_of(kUnprintable, [&](std::string_view each) {
           return text.find(each) != std::string_view::npos;
         });
}

/// Whether it is lines that a block keeps as they are, whose end and indentation need no words.
bool is_block(std::string_view text) {
  const bool ends_once = text.size() > 1 && text.ends_with('\n') && text[text.size() - 2] != '\n';
  return ends_once && text.front() != ' ' &&
         std::ranges::none_of(text, [](char c) { return c != '\n' && is_control(c); });
}

/// Quoted when another reader could take it for something else than this text.
void emit_quoted(YAML::Emitter& out, const std::string& text) {
  const bool typed = plain_scalar(text, {}).kind != Node::Kind::String;
  const bool typed_elsewhere = text == "y" || text == "n" || text == "Y" || text == "N" || text == "=" || text == "<<";
  if (has_unprintable(text))
    out << YAML::EscapeNonAscii << YAML::DoubleQuoted << text;
  else if (typed || typed_elsewhere || std::ranges::any_of(text, is_control))
    out << YAML::DoubleQuoted << text;
  else
    out << text;
}

void emit_string(YAML::Emitter& out, const std::string& text) {
  if (is_block(text) && !has_unprintable(text))
    out << YAML::Literal << text;
  else
    emit_quoted(out, text);
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
        emit_quoted(out, member.key);
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
  std::string text = out.c_str();
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

}  // namespace slipway

#include "controller/manifests/other_json.h"

#include <cstddef>

namespace slipway::manifests {
namespace {

/// Of what begins with a brace. Not where it has what YAML alone knows: there a brace may be part of a text.
bool is_first_value_whole(std::string_view content) {
  std::size_t depth = 0;
  bool in_text = false;
  for (std::size_t at = 0; at < content.size(); ++at) {
    const char c = content[at];
    if (c == '\\') ++at;
    if (c == '"') in_text = !in_text;
    if (in_text) continue;
    if (c == '\'' || c == '#') return false;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return true;
  }
  return false;
}

}  // namespace

bool is_other_json(std::string_view name, std::string_view content) {
  return name.ends_with(".json") && content.find("\"apiVersion\"") == std::string_view::npos;
}

bool stays_other_json(std::string_view name, std::string_view content) {
  if (!is_other_json(name, content)) return false;
  const std::size_t begin = content.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return false;
  return content[begin] == '[' || (content[begin] == '{' && is_first_value_whole(content.substr(begin)));
}

}  // namespace slipway::manifests

#pragma once

#include <string_view>

#include "crds/base/read_document.h"

namespace slipway {

/// One document of a YAML stream, with its "---" line if it has one.
struct YamlChunk {
  std::string_view text;
  std::size_t first_line = 1;  ///< Of the text in its file.
};

/// Reads one YAML document. A document without content gives a null root and no problem.
ReadDocument read_yaml_document(const YamlChunk& chunk, std::string_view file, const DocumentLimits& limits);

}  // namespace slipway

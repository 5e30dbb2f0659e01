#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/base/document.h"

namespace slipway {

/// Fields whose values are not their file's, as problems name them, each with who gave it: "--set spec.suspend".
using FieldOrigins = std::vector<std::pair<std::string, std::string>>;

/// Where a document stands in its file, for problems with its fields that are found when it was read already.
struct Whereabouts {
  Node root;              ///< As much of the document as is kept.
  std::string path = {};  ///< Of the document, e.g. "items[2]" of a List; empty for the file's own.
  FieldOrigins origins = {};

  /// `problem`, whose field is named as the document has it, as it is to be told: with its place, the field seen from
  /// the file, and in front who gave its value or some of it.
  Problem told(Problem problem) const;
};

/// The field of a document that stands at `path`, which is empty for a file's own.
std::string seen_from(const std::string& path, const std::string& field);

/// Whether the field at `path` is `field` or stands in it.
bool is_at_or_below(std::string_view path, std::string_view field);

}  // namespace slipway

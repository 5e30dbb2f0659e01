#pragma once

#include <string_view>
#include <vector>

#include "crds/base/document.h"

namespace slipway {

/// A document, and what was read of one that is refused.
struct ReadDocument {
  Document document;
  /// Of one that has the form of a document and is refused for values alone (a key that stands twice, of which the
  /// first counts; a number that JSON has not, which stands here as text): all of it, so that what else is wrong with
  /// it can be told too. Else null.
  Node refused;
};

/// parse_documents() and parse_json(), with what is refused.
std::vector<ReadDocument> read_documents(std::string_view text, std::string_view file,
                                         const DocumentLimits& limits = {});
ReadDocument read_json(std::string_view text, std::string_view file, const DocumentLimits& limits);

}  // namespace slipway

#pragma once

#include <optional>
#include <string_view>

#include "controller/runtime/collection_reader.h"

namespace slipway::kube {

/// Of which object in which version the JSON of an API server is, found without a tree of the kilobytes around it,
/// which are passed over unread. Absent where that is not enough to tell: of no JSON object with metadata, of one that
/// ends early, and where a word of it or a key beside it has an escape, is no printable ASCII or stands twice. It is to
/// be read whole then. What is given points into the text.
std::optional<runtime::ObjectVersion> version_of_object(std::string_view json);
/// Of the object in a watch's line, if that says MODIFIED.
std::optional<runtime::ObjectVersion> version_of_change(std::string_view line);

}  // namespace slipway::kube

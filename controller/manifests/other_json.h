#pragma once

#include <string_view>

namespace slipway::manifests {

/// A report or an image's index beside the resources, not a resource: the word that every resource has is not in it.
/// `name` is the file's.
bool is_other_json(std::string_view name, std::string_view content);

/// The same of a file that somebody still writes to, and however it goes on: it is a list, or its first value is whole,
/// as a log's or a report's. A resource is one value.
bool stays_other_json(std::string_view name, std::string_view content);

}  // namespace slipway::manifests

#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace slipway::files {

/// What tells one version of a file from another without reading it, links followed; nothing when it cannot be looked
/// at. A write within one tick of the file system's clock (a few milliseconds) that leaves the size goes unseen.
std::optional<std::string> version_of(const std::filesystem::path& file);

/// The same for a file that is never written again once it is there, by whatever name and in however many folders.
std::optional<std::string> version_of_final(const std::filesystem::path& file);

}  // namespace slipway::files

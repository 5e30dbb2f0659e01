#pragma once

#include <filesystem>
#include <string_view>
#include <system_error>

namespace slipway::files {

/// Writes a file, in place of what it held. An error says that not all of it could be written; what is there then is
/// for the caller to remove. It lasts through a power cut once somebody has synced it.
std::error_code write_file(const std::filesystem::path& path, std::string_view content);

}  // namespace slipway::files

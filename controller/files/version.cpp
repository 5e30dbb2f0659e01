#include "controller/files/version.h"

#include <sys/stat.h>

#include <cstdint>

namespace slipway::files {

std::optional<std::string> version_of(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return std::nullopt;
  std::string text;
  // The time of the last change of the file's own record can't be set back, unlike that of its content.
  for (const auto part :
       {static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino),
        static_cast<std::int64_t>(status.st_size), static_cast<std::int64_t>(status.st_mtim.tv_sec),
        static_cast<std::int64_t>(status.st_mtim.tv_nsec), static_cast<std::int64_t>(status.st_ctim.tv_sec),
        static_cast<std::int64_t>(status.st_ctim.tv_nsec)})
    text += std::to_string(part) + ' ';
  return text;
}

}  // namespace slipway::files

#include "controller/files/version.h"

#include <sys/stat.h>

#include <cstdint>
#include <initializer_list>

namespace slipway::files {

namespace {

std::string joined(std::initializer_list<std::int64_t> parts) {
  std::string text;
  for (const auto part : parts) text += std::to_string(part) + ' ';
  return text;
}

}  // namespace

std::optional<std::string> version_of(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return std::nullopt;
  // The time of the last change of the file's own record can't be set back, unlike that of its content.
  return joined({static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino), status.st_size,
                 status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec});
}

std::optional<std::string> version_of_final(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return std::nullopt;
  return joined({static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino), status.st_size,
                 status.st_mtim.tv_sec, status.st_mtim.tv_nsec});
}

}  // namespace slipway::files

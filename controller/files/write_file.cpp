#include "controller/files/write_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "controller/files/handle.h"

namespace slipway::files {

namespace {

std::error_code last_error() {
  return {errno, std::generic_category()};
}

}  // namespace

std::error_code write_file(const std::filesystem::path& path, std::string_view content) {
  const Handle file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
  if (file.get() < 0) return last_error();
  while (!content.empty()) {
    const ssize_t count = ::write(file.get(), content.data(), content.size());
    if (count < 0 && errno != EINTR) return last_error();
    if (count > 0) content.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace slipway::files

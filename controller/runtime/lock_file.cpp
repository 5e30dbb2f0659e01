#include "controller/runtime/lock_file.h"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

#include "crds/base/text.h"

namespace slipway::runtime {

Result<files::Handle> open_lock_file(const std::filesystem::path& file) {
  files::Handle handle{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!handle.is_open()) return unusable_lock(file);
  return handle;
}

std::unexpected<Error> unusable_lock(const std::filesystem::path& path, const std::string& why) {
  return fail(ErrorClass::Unavailable, "using the lock " + quoted(path.string(), 200) + ": " + why,
              "make the state folder writable, or name another with --state");
}

std::unexpected<Error> unusable_lock(const std::filesystem::path& path) {
  return unusable_lock(path, std::generic_category().message(errno));
}

}  // namespace slipway::runtime

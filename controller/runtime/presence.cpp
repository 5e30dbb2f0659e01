#include "controller/runtime/presence.h"

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "crds/base/text.h"

namespace slipway::runtime {

namespace {

std::unexpected<Error> unusable(const std::filesystem::path& file) {
  return fail(ErrorClass::Unavailable,
              "using the lock " + quoted(file.string(), 200) + ": " + std::generic_category().message(errno),
              "make the state folder writable, or name another with --state");
}

/// Of the open file, not of the process: two of one process are two.
struct flock whole_file(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

/// By another open file than this.
bool is_locked(const files::Handle& file) {
  auto lock = whole_file(F_WRLCK);
  return ::fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace

Result<Presence> Presence::announce(const std::filesystem::path& file) {
  files::Handle handle{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!handle.is_open()) return unusable(file);
  auto lock = whole_file(F_RDLCK);
  if (::fcntl(handle.get(), F_OFD_SETLK, &lock) != 0) return unusable(file);
  return Presence{std::move(handle)};
}

bool Presence::is_anybody(const std::filesystem::path& file) {
  const files::Handle handle{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  return handle.is_open() && is_locked(handle);
}

bool Presence::is_anybody_else() const {
  return is_locked(file_);
}

}  // namespace slipway::runtime

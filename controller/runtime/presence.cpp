#include "controller/runtime/presence.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "controller/runtime/lock_file.h"

namespace slipway::runtime {

namespace {

/// Of the open file, not of the process: two of one process are two.
struct flock whole_file(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

/// By another open file than this. Absent where the file system knows no such locks.
std::optional<bool> is_locked(const files::Handle& file) {
  auto lock = whole_file(F_WRLCK);
  if (::fcntl(file.get(), F_OFD_GETLK, &lock) != 0) return std::nullopt;
  return lock.l_type != F_UNLCK;
}

}  // namespace

Result<Presence> Presence::announce(const std::filesystem::path& file) {
  auto handle = open_lock_file(file);
  if (!handle) return std::unexpected(std::move(handle.error()));
  auto lock = whole_file(F_RDLCK);
  if (::fcntl(handle->get(), F_OFD_SETLK, &lock) != 0) return unusable_lock(file);
  return Presence{std::move(*handle)};
}

std::optional<bool> Presence::is_anybody(const std::filesystem::path& file) {
  const files::Handle handle{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (handle.is_open()) return is_locked(handle);
  return errno == ENOENT ? std::optional(false) : std::nullopt;
}

std::optional<bool> Presence::is_anybody_else() const {
  return is_locked(file_);
}

}  // namespace slipway::runtime

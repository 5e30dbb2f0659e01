#include "controller/files/inside.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "controller/files/file_system.h"
#include "crds/base/text.h"

namespace slipway::files {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestShown = 200;

std::unexpected<Error> refused(const std::string& path, const fs::path& root) {
  return fail(ErrorClass::Refused, quoted(path, kLongestShown) + " leads outside " + root.string(),
              "put the file into that folder, or name a wider one with --root");
}

std::unexpected<Error> no_file(const std::string& path, const std::error_code& why) {
  const std::string said = quoted(path, kLongestShown) + ": ";
  if (why == std::errc::no_such_file_or_directory || why == std::errc::not_a_directory)
    return fail(ErrorClass::NotFound, said + "there is no such file", "create it, or correct the path");
  if (why == std::errc::permission_denied || why == std::errc::operation_not_permitted)
    return fail(ErrorClass::Forbidden, said + "it may not be read", "let the user that runs slipway read it");
  if (why == std::errc::too_many_symbolic_link_levels || why == std::errc::filename_too_long)
    return fail(ErrorClass::Invalid, said + why.message(), "correct the path");
  return fail(ErrorClass::Unavailable, said + why.message(), "look whether the disk is well; trying again can help");
}

std::unexpected<Error> no_regular(const std::string& path) {
  return fail(ErrorClass::Invalid, quoted(path, kLongestShown) + " is no regular file", "name a file");
}

std::error_code last_error() {
  return {errno, std::generic_category()};
}

bool is_inside(const fs::path& root, const fs::path& path) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

Result<fs::path> canonical_root(const fs::path& root) {
  std::error_code why;
  fs::path found = fs::canonical(root, why);
  if (why) return no_file(root.string(), why);
  return found;
}

/// Opens what an absolute path without links leads to, folder by folder: below zero, and errno, where a link stands
/// now.
Handle open_without_links(const fs::path& place) {
  Handle at(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const fs::path& name : place.parent_path().relative_path()) {
    if (at.get() < 0) return at;
    at = Handle(::openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  }
  if (at.get() < 0) return at;
  constexpr int kHow = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  return Handle(::openat(at.get(), place.filename().c_str(), kHow));
}

}  // namespace

/// Who closes one because of an error tells that error afterwards.
Result<std::size_t> OpenFile::read_at(std::int64_t offset, std::span<std::byte> space) const {
  for (;;) {
    const ssize_t count = ::pread(handle_.get(), space.data(), space.size(), offset);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR)
      return fail(ErrorClass::Unavailable, "reading at byte " + std::to_string(offset) + ": " + last_error().message(),
                  "look whether the disk is well; trying again can help");
  }
}

/// The kernel gives a lease for reading exactly when nobody writes. While it is held, for these two calls, who opens
/// the file to write waits for its end, of which a signal tells the holder: one that does nothing, for SIGIO would end
/// it.
bool OpenFile::is_being_written() const {
  struct statfs system{};
  if (::fstatfs(handle_.get(), &system) != 0 || !tells_of_writers(system.f_type)) return false;
  if (::fcntl(handle_.get(), F_SETSIG, SIGURG) != 0) return false;
  if (::fcntl(handle_.get(), F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  static_cast<void>(::fcntl(handle_.get(), F_SETLEASE, F_UNLCK));
  return false;
}

Result<Anchored> anchored(const fs::path& root, const fs::path& base) {
  Result<fs::path> top = canonical_root(root);
  if (!top) return std::unexpected(top.error());
  if (!is_inside(root, base)) return Anchored{std::move(*top), base};
  fs::path below = *top / base.lexically_relative(root);
  return Anchored{std::move(*top), below.lexically_normal()};
}

Result<fs::path> resolve_inside(const fs::path& root, const fs::path& base, const std::string& path) {
  if (path.find('\0') != std::string::npos)
    return fail(ErrorClass::Invalid, quoted(path, kLongestShown) + " is no path", "correct the path");
  const Result<fs::path> top = canonical_root(root);
  if (!top) return std::unexpected(top.error());
  std::error_code why;
  fs::path found = fs::weakly_canonical(base / path, why);
  if (why) return no_file(path, why);
  if (!found.has_filename()) found = found.parent_path();
  if (!is_inside(*top, found)) return refused(path, *top);
  (void)fs::canonical(found, why);
  if (why) return no_file(path, why);
  return found;
}

Result<OpenFile> open_inside(const fs::path& root, const fs::path& base, const std::string& path) {
  const Result<fs::path> top = canonical_root(root);
  if (!top) return std::unexpected(top.error());
  const Result<fs::path> found = resolve_inside(*top, base, path);
  if (!found) return std::unexpected(found.error());
  struct stat about{};
  if (::lstat(found->c_str(), &about) != 0) return no_file(path, last_error());
  if (!S_ISREG(about.st_mode)) return no_regular(path);
  Handle handle = open_without_links(*found);
  if (handle.get() < 0 || ::fstat(handle.get(), &about) != 0) return no_file(path, last_error());
  if (!S_ISREG(about.st_mode)) return no_regular(path);
  return OpenFile(std::move(handle), about.st_size);
}

}  // namespace slipway::files

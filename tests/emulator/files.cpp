#include "tests/emulator/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace slipway::emulator {
namespace {

std::unexpected<Error> system_failure(const std::string& doing) {
  return fail(errno == ENOENT ? ErrorClass::NotFound : ErrorClass::Unavailable, doing + ": " + std::strerror(errno),
              "check the folder given as --data");
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (number_ >= 0) ::close(number_);
}

Result<OpenFile> open_to_read(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return system_failure("opening " + path.string());
  struct stat about{};
  if (::fstat(file.number(), &about) != 0) return system_failure("asking about " + path.string());
  return OpenFile{.file = std::move(file), .size = static_cast<std::uint64_t>(about.st_size)};
}

Result<FileDescriptor> create_file(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.number() < 0) return system_failure("creating " + path.string());
  return file;
}

Result<void> write_all(const FileDescriptor& file, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.number(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("writing");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<std::size_t> read_at(const FileDescriptor& file, std::span<char> space, std::uint64_t offset) {
  for (;;) {
    const ssize_t count = ::pread(file.number(), space.data(), space.size(), static_cast<off_t>(offset));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return system_failure("reading");
  }
}

Result<std::string> read_file(const std::filesystem::path& path) {
  Result<OpenFile> opened = open_to_read(path);
  if (!opened) return std::unexpected(std::move(opened.error()));
  std::string bytes(opened->size, '\0');
  for (std::size_t at = 0; at < bytes.size();) {
    const Result<std::size_t> count = read_at(opened->file, std::span(bytes).subspan(at), at);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return fail(ErrorClass::Unavailable, path.string() + " became shorter", "try again");
    at += *count;
  }
  return bytes;
}

Result<void> move_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  std::error_code failed;
  std::filesystem::create_directories(to.parent_path(), failed);
  if (::rename(from.c_str(), to.c_str()) != 0) return system_failure("renaming to " + to.string());
  return {};
}

Result<void> write_file(const std::filesystem::path& path, std::string_view bytes) {
  static std::atomic<unsigned> counter = 0;
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  const std::filesystem::path beside = path.parent_path() / (".writing-" + std::to_string(counter++));
  const Result<FileDescriptor> file = create_file(beside);
  if (!file) return std::unexpected(file.error());
  if (Result<void> written = write_all(*file, bytes); !written) return written;
  return move_file(beside, path);
}

}  // namespace slipway::emulator

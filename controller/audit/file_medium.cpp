#include "controller/audit/file_medium.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include "controller/audit/log_files.h"
#include "controller/runtime/waiting.h"
#include "crds/base/text.h"

namespace slipway::audit {
namespace {

constexpr const char* kLockName = "audit.lock";
constexpr std::chrono::milliseconds kAskAgain{5};
constexpr int kMostAsked = 2000;
constexpr mode_t kPrivate = 0600;
/// The last record and half of one more are in so much.
constexpr std::int64_t kTail = 2 * (static_cast<std::int64_t>(kLongestLine) + 1);

std::unexpected<Error> unavailable(const std::filesystem::path& path, int error) {
  const bool is_full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return fail(ErrorClass::Unavailable,
              "writing the audit log " + quoted(path.string(), 200) + ": " + std::generic_category().message(error),
              std::string(is_full ? "make room on its volume" : "make its folder writable") +
                  ", or name another with --audit-folder; nothing is changed at a registry without a record");
}

/// What a file ends with.
struct Tail {
  std::string last;  ///< The last line; empty when there is none.
  std::string half;  ///< What stands behind the last line end.
};

Result<std::string> read_from(int file, std::int64_t from, std::int64_t size, const std::filesystem::path& path) {
  std::string text(static_cast<std::size_t>(size - from), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const auto count = ::pread(file, text.data() + done, text.size() - done, from + static_cast<std::int64_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unavailable(path, errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  text.resize(done);
  return text;
}

Tail tail_of(std::string_view text) {
  const std::size_t end = text.rfind('\n');
  if (end == std::string_view::npos) return {.last = {}, .half = std::string(text)};
  const std::size_t before = end == 0 ? std::string_view::npos : text.rfind('\n', end - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return {.last = std::string(text.substr(begin, end - begin)), .half = std::string(text.substr(end + 1))};
}

Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  const bool is_new = std::filesystem::create_directories(folder, error);
  if (is_new && !error) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error) return unavailable(folder, error.value());
  return {};
}

/// A new name lasts once its folder is on the disk.
Result<void> keep_names(const std::filesystem::path& folder) {
  const files::Handle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() < 0 || ::fsync(handle.get()) != 0) return unavailable(folder, errno);
  return {};
}

Result<files::Handle> open_lock(const std::filesystem::path& folder) {
  const auto path = folder / kLockName;
  files::Handle lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kPrivate));
  if (lock.get() < 0) return unavailable(path, errno);
  return lock;
}

/// Whether `path` still names the open file.
bool has_name(int file, const std::filesystem::path& path) {
  struct stat ours{};
  struct stat named{};
  return ::fstat(file, &ours) == 0 && ::lstat(path.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
         ours.st_ino == named.st_ino;
}

}  // namespace

FileMedium::FileMedium(FileMediumOptions options, files::Handle lock)
    : options_(std::move(options)), lock_(std::move(lock)) {}

Result<std::unique_ptr<Medium>> FileMedium::open(FileMediumOptions options) {
  if (auto made = make_folder(options.folder); !made) return std::unexpected(std::move(made.error()));
  auto lock = open_lock(options.folder);
  if (!lock) return std::unexpected(std::move(lock.error()));
  return std::unique_ptr<Medium>{new FileMedium{std::move(options), std::move(*lock)}};
}

Result<ChainEnd> FileMedium::begin() {
  if (auto turn = take_turn(); !turn) return std::unexpected(std::move(turn.error()));
  auto known = segment_.number == 0 || !half_.empty() ? Result<bool>(false) : is_as_it_was();
  if (!known) return std::unexpected(std::move(known.error()));
  if (!*known)
    if (auto found = find_end(); !found) return std::unexpected(std::move(found.error()));
  size_at_begin_ = segment_.size;
  head_at_begin_ = head_;
  half_at_begin_ = half_;
  ChainEnd end{.head = head_, .mended = {}};
  if (!half_.empty())
    end.mended = Mended{.bytes = static_cast<std::int64_t>(half_.size()), .digest = Digest::of(half_).str()};
  return end;
}

Result<void> FileMedium::append(std::string_view lines, const Head& last) {
  // Copied before anything is written: from there on nothing may throw, or the chain would go on at the wrong record.
  Head next = last;
  if (auto cut = cut_half(); !cut) return cut;
  if (segment_.number == 0 || segment_.size >= options_.segment_bytes)
    if (auto made = next_segment(); !made) {
      // Half a record that was cut off has no record that says so.
      if (segment_.number != 0) take_back();
      return made;
    }
  if (auto written = write(lines); !written) {
    take_back();
    return written;
  }
  segment_.size += static_cast<std::int64_t>(lines.size());
  head_ = std::move(next);
  return {};
}

Result<void> FileMedium::make_durable() {
  if (segment_.number == 0 || ::fdatasync(segment_.file->get()) == 0) return {};
  auto failure = unusable(segment_.number, errno);
  // Nobody may rely on what the disk did not take.
  take_back();
  return failure;
}

void FileMedium::end() noexcept {
  ::flock(lock_.get(), LOCK_UN);
}

std::filesystem::path FileMedium::path_of(std::int64_t number) const {
  return options_.folder / segment_name(number);
}

/// Others hold it for as long as a disk takes to write.
Result<void> FileMedium::take_turn() {
  for (int asked = 0; asked < kMostAsked; ++asked) {
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) {
      if (has_name(lock_.get(), options_.folder / kLockName)) return {};
      // Somebody took it away, as who tidies up may do. Others take turns by the one that has its name now.
      end();
      auto named = open_lock(options_.folder);
      if (!named) return std::unexpected(std::move(named.error()));
      lock_ = std::move(*named);
      continue;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) return unavailable(options_.folder / kLockName, errno);
    runtime::wait(kAskAgain, {});
  }
  return fail(ErrorClass::Unavailable,
              "another process holds the audit log " + quoted(options_.folder.string(), 200) + " for too long",
              "end it, or name another folder with --audit-folder");
}

/// Whether nobody else wrote since. Integrity when somebody did more than append.
Result<bool> FileMedium::is_as_it_was() const {
  struct stat ours{};
  struct stat named{};
  if (::fstat(segment_.file->get(), &ours) != 0) return unusable(segment_.number, errno);
  if (::stat(path_of(segment_.number).c_str(), &named) != 0) {
    if (errno != ENOENT) return unusable(segment_.number, errno);
    return damaged(segment_.number, "it is gone");
  }
  if (ours.st_dev != named.st_dev || ours.st_ino != named.st_ino)
    return damaged(segment_.number, "another file has its name");
  if (named.st_size < segment_.size) return damaged(segment_.number, "its end is missing");
  return named.st_size == segment_.size && ::access(path_of(segment_.number + 1).c_str(), F_OK) != 0;
}

Result<void> FileMedium::find_end() {
  const auto segments = segments_of(options_.folder);
  if (!segments) return std::unexpected(segments.error());
  const Head before = std::exchange(head_, Head{});
  segment_.file.reset();
  segment_.number = 0;
  segment_.size = 0;
  half_.clear();
  for (auto path = segments->rbegin(); path != segments->rend() && head_.last.seq == 0; ++path) {
    const std::int64_t number = *segment_number(path->filename().string());
    if (auto found = find_end_in(number, path == segments->rbegin()); !found) {
      segment_.number = 0;
      head_ = before;
      return found;
    }
  }
  if (before.last.seq == 0 || (before.chain == head_.chain && before.last.seq <= head_.last.seq)) return {};
  segment_.number = 0;
  head_ = before;
  return damaged(1, "records that were there are missing");
}

/// The last segment may end with half a record, and is the one to be appended to.
Result<void> FileMedium::find_end_in(std::int64_t number, bool is_last) {
  const auto path = path_of(number);
  const files::Handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat about{};
  if (file.get() < 0 || ::fstat(file.get(), &about) != 0) return unusable(number, errno);
  const std::int64_t from = std::max<std::int64_t>(about.st_size - kTail, 0);
  const auto text = read_from(file.get(), from, about.st_size, path);
  if (!text) return std::unexpected(text.error());
  Tail tail = tail_of(*text);
  const bool is_all_half = from > 0 && tail.half.size() == text->size();
  if (is_all_half || (!is_last && !tail.half.empty())) return damaged(number, "it does not end with a record");
  if (is_last) {
    if (auto opened = open_segment(number, 0); !opened) return opened;
    segment_.size = about.st_size - static_cast<std::int64_t>(tail.half.size());
    half_ = std::move(tail.half);
  }
  if (tail.last.empty()) return {};
  auto last = read_line(tail.last);
  if (!last) return damaged(number, "its last record is not as it was written");
  head_ = std::move(last->head);
  return {};
}

Result<void> FileMedium::open_segment(std::int64_t number, int flags) {
  const int file = ::open(path_of(number).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, kPrivate);
  if (file < 0) return unusable(number, errno);
  segment_.file.emplace(file);
  segment_.number = number;
  segment_.size = 0;
  return {};
}

Result<void> FileMedium::next_segment() {
  // What is complete lasts before something follows it.
  if (segment_.number != 0 && ::fdatasync(segment_.file->get()) != 0) return unusable(segment_.number, errno);
  if (auto made = open_segment(segment_.number + 1, O_CREAT | O_EXCL); !made) return made;
  size_at_begin_ = 0;
  return keep_names(options_.folder);
}

Result<void> FileMedium::write(std::string_view lines) {
  while (!lines.empty()) {
    const auto count = ::write(segment_.file->get(), lines.data(), lines.size());
    if (count < 0 && errno != EINTR) return unusable(segment_.number, errno);
    if (count > 0) lines.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> FileMedium::cut_half() {
  if (half_.empty()) return {};
  if (::ftruncate(segment_.file->get(), segment_.size) != 0) return unusable(segment_.number, errno);
  half_.clear();
  return {};
}

/// Half a record that was cut off stands there again, until a record says that it was. Where taking back fails too,
/// half of another one stays, and is cut off by who writes next.
void FileMedium::take_back() {
  if (::ftruncate(segment_.file->get(), size_at_begin_) != 0) {
    segment_.number = 0;
    return;
  }
  segment_.size = size_at_begin_;
  head_ = head_at_begin_;
  half_ = half_at_begin_;
  static_cast<void>(write(half_));
}

std::unexpected<Error> FileMedium::unusable(std::int64_t number, int error) const {
  return unavailable(path_of(number), error);
}

std::unexpected<Error> FileMedium::damaged(std::int64_t number, const std::string& what) const {
  return fail(
      ErrorClass::Integrity, "the audit log " + quoted(path_of(number).string(), 200) + ": " + what,
      "look at it with slipway audit verify, keep a copy, and move its folder away: a new chain begins in a new "
      "one when slipway is started again");
}

}  // namespace slipway::audit

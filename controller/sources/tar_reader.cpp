#include "controller/sources/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include "controller/sources/file_set.h"
#include "controller/zstd/growth.h"
#include "controller/zstd/zstd_frames.h"

namespace slipway::sources {
namespace {

constexpr std::size_t kPiece = 256u << 10;
/// 8 MiB, all that RFC 8878 asks of readers.
constexpr int kMostWindowLog = 23;
/// An archive may be of any size.
constexpr zstd::GrowthBounds kBounds{.most_bytes = std::numeric_limits<std::int64_t>::max()};

std::string text_of(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

/// What keeps a tar from being unpacked.
std::unexpected<Error> not_unpacked(const zstd::ZstdFrames::Failure& failure) {
  using enum zstd::ZstdFrames::Trouble;
  if (failure.trouble == LargeWindow)
    return fail(ErrorClass::Integrity, "its zstd window is larger than 8 MiB",
                "pack it with zstd without --long and --ultra");
  if (failure.trouble == Damaged) return not_whole("it is no whole zstd file (" + failure.why + ")");
  return fail(ErrorClass::Unavailable, "there is no memory for unpacking it",
              "raise the memory limit, or lower --workers; it is tried again");
}

TarEntry::Kind kind_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return TarEntry::Kind::HardLink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return TarEntry::Kind::File;
    case AE_IFLNK:
      return TarEntry::Kind::SymbolicLink;
    default:
      return TarEntry::Kind::Other;
  }
}

}  // namespace

Packing packing_of(std::span<const std::byte> first_bytes) {
  const std::string_view start(reinterpret_cast<const char*>(first_bytes.data()), first_bytes.size());
  if (start.starts_with("\x1F\x8B")) return Packing::Gzip;
  if (start.starts_with("\x28\xB5\x2F\xFD")) return Packing::Zstd;
  return Packing::None;
}

Result<Packing> packing_of(const files::OpenFile& file) {
  std::array<std::byte, 4> start{};
  const Result<std::size_t> count = file.read_at(0, start);
  if (!count) return std::unexpected(count.error());
  return packing_of(std::span(start).first(*count));
}

struct TarReader::State {
  explicit State(const files::OpenFile& opened)
      : file(opened), space(std::make_unique_for_overwrite<std::byte[]>(kPiece)), handle(archive_read_new()) {}
  ~State() { archive_read_free(handle); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Below zero stops libarchive; why is in `error`.
  static la_ssize_t read_piece(archive*, void* self, const void** piece) {
    auto& state = *static_cast<State*>(self);
    const Result<std::size_t> count = state.frames ? state.unpack() : state.read_on(state.space.get());
    if (!count) return state.refuse(count.error());
    *piece = state.space.get();
    return static_cast<la_ssize_t>(*count);
  }
  Result<std::size_t> read_on(std::byte* to) {
    if (stop.stop_requested()) return fail(ErrorClass::Cancelled, "stopped");
    Result<std::size_t> count = file.read_at(at, std::span(to, kPiece));
    if (count) at += static_cast<std::int64_t>(*count);
    return count;
  }
  /// At least a byte, unless the frames are at their end.
  Result<std::size_t> unpack() {
    for (bool is_at_end = false;;) {
      if (unread.empty() && !is_at_end) {
        Result<std::size_t> count = read_on(packed.get());
        if (!count) return count;
        unread = {packed.get(), *count};
        is_at_end = *count == 0;
      }
      const auto step = frames->step(unread, {space.get(), kPiece});
      if (!step) return not_unpacked(step.error());
      unread = unread.subspan(step->read);
      unpacked += static_cast<std::int64_t>(step->written);
      if (!zstd::Growth{.read = at, .unpacked = unpacked}.is_within(kBounds))
        return fail(ErrorClass::Integrity, "it unpacks to more than 2,000 times its size",
                    "make it anew: no image needs that");
      if (step->written > 0) return step->written;
      if (is_at_end) return frames->may_end() ? Result<std::size_t>(0) : not_whole("it is cut off");
    }
  }
  static la_int64_t skip_bytes(archive*, void* self, la_int64_t wanted) {
    auto& state = *static_cast<State*>(self);
    const la_int64_t skipped =
        std::clamp<la_int64_t>(wanted, 0, std::max<std::int64_t>(state.file.size() - state.at, 0));
    state.at += skipped;
    return skipped;
  }
  la_ssize_t refuse(Error why) {
    error = std::move(why);
    archive_set_error(handle, EIO, "stopped");
    return -1;
  }
  std::unexpected<Error> failure() {
    if (error) return std::unexpected(*error);
    const std::string said = text_of(archive_error_string(handle));
    return not_whole("it is no whole tar" + (said.empty() ? said : " (" + said + ")"));
  }
  bool start(Packing packing) {
    archive_read_support_format_tar(handle);
    if (packing == Packing::Gzip) archive_read_support_filter_gzip(handle);
    if (packing == Packing::Zstd) {
      packed = std::make_unique_for_overwrite<std::byte[]>(kPiece);
      frames.emplace(zstd::ZstdFrames::Bounds{.most_window_log = kMostWindowLog});
    } else {
      archive_read_set_skip_callback(handle, skip_bytes);
    }
    archive_read_set_read_callback(handle, read_piece);
    archive_read_set_callback_data(handle, this);
    return archive_read_open1(handle) == ARCHIVE_OK;
  }

  const files::OpenFile& file;
  std::unique_ptr<std::byte[]> space;
  std::unique_ptr<std::byte[]> packed;  ///< Of zstd, whose windows libarchive does not bound.
  std::span<const std::byte> unread;    ///< Of that.
  std::optional<zstd::ZstdFrames> frames;
  archive* handle;
  std::int64_t at = 0;        ///< Where the next piece of the file starts.
  std::int64_t unpacked = 0;  ///< By `frames`.
  std::stop_token stop;
  std::optional<Error> error;
  std::size_t entries = 0;
  std::int64_t offset = 0;
};

TarReader::TarReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
TarReader::~TarReader() = default;
TarReader::TarReader(TarReader&&) noexcept = default;
TarReader& TarReader::operator=(TarReader&&) noexcept = default;

std::size_t TarReader::entries() const {
  return state_->entries;
}

std::int64_t TarReader::offset() const {
  return state_->offset;
}

Result<TarReader> TarReader::open(const files::OpenFile& file, Packing packing) {
  auto state = std::make_unique<State>(file);
  if (!state->start(packing)) return state->failure();
  return TarReader(std::move(state));
}

Result<std::optional<TarEntry>> TarReader::next(const std::stop_token& stop) {
  state_->stop = stop;
  archive_entry* entry = nullptr;
  const int status = archive_read_next_header(state_->handle, &entry);
  if (status == ARCHIVE_EOF) return std::nullopt;
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return state_->failure();
  ++state_->entries;
  state_->offset = 0;
  TarEntry found;
  found.kind = kind_of(entry);
  found.name = text_of(archive_entry_pathname(entry));
  if (found.kind == TarEntry::Kind::HardLink) found.target = text_of(archive_entry_hardlink(entry));
  if (found.kind == TarEntry::Kind::SymbolicLink) found.target = text_of(archive_entry_symlink(entry));
  found.size = archive_entry_size(entry);
  if (found.size < 0) return not_whole("it has an entry of fewer than no bytes");
  found.position = archive_filter_bytes(state_->handle, 0);
  found.has_holes = archive_entry_sparse_count(entry) > 0;
  return found;
}

Result<std::size_t> TarReader::read(std::span<std::byte> space, const std::stop_token& stop) {
  state_->stop = stop;
  const la_ssize_t count = archive_read_data(state_->handle, space.data(), space.size());
  if (count < 0) return state_->failure();
  state_->offset += count;
  return static_cast<std::size_t>(count);
}

}  // namespace slipway::sources

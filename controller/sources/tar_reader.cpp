#include "controller/sources/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "controller/sources/file_set.h"

namespace slipway::sources {
namespace {

constexpr std::size_t kPiece = 256u << 10;

std::string text_of(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
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
    if (state.stop.stop_requested()) return state.refuse({.cls = ErrorClass::Cancelled, .message = "stopped"});
    const Result<std::size_t> count = state.file.read_at(state.at, std::span(state.space.get(), kPiece));
    if (!count) return state.refuse(count.error());
    state.at += static_cast<std::int64_t>(*count);
    *piece = state.space.get();
    return static_cast<la_ssize_t>(*count);
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
    if (packing == Packing::Zstd) archive_read_support_filter_zstd(handle);
    archive_read_set_skip_callback(handle, skip_bytes);
    archive_read_set_read_callback(handle, read_piece);
    archive_read_set_callback_data(handle, this);
    return archive_read_open1(handle) == ARCHIVE_OK;
  }

  const files::OpenFile& file;
  std::unique_ptr<std::byte[]> space;
  archive* handle;
  std::int64_t at = 0;  ///< Where the next piece of the file starts.
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

#include "controller/sources/packed_tar_files.h"

#include <algorithm>
#include <utility>

#include "crds/base/text.h"

namespace slipway::sources {
namespace {

constexpr int kMostReaders = 2;
constexpr std::size_t kPiece = 256u << 10;
constexpr std::size_t kKeptOfEach = 16;  ///< Tells how a layer is packed.
constexpr std::size_t kLargestKept = 512u << 10;
constexpr std::size_t kKeptInAll = 8u << 20;

bool is_before(const TarReader& reader, const TarMember& member, std::int64_t offset) {
  return reader.entries() < member.number || (reader.entries() == member.number && reader.offset() <= offset);
}

/// Brings `reader` to that byte of `member`; `space` is overwritten.
Result<void> advance(TarReader& reader, const TarMember& member, std::int64_t offset, std::span<std::byte> space,
                     const std::stop_token& stop) {
  while (reader.entries() < member.number) {
    const Result<std::optional<TarEntry>> entry = reader.next(stop);
    if (!entry) return std::unexpected(entry.error());
    if (!*entry) return not_whole("it became shorter while it was read");
  }
  while (reader.offset() < offset) {
    const auto left = static_cast<std::size_t>(offset - reader.offset());
    const Result<std::size_t> count = reader.read(space.first(std::min(left, space.size())), stop);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return not_whole("it became shorter while it was read");
  }
  return {};
}

}  // namespace

/// A reader as long as one reading needs it, taken from those that wait before its place.
class PackedTarFiles::Loan {
 public:
  Loan(PackedTarFiles& owner, const TarMember& member, std::int64_t offset, const std::stop_token& stop)
      : owner_(owner) {
    auto readers = owner_.readers_.lock();
    lent_ = readers.wait(owner_.given_back_, stop, [&] { return readers->lent < kMostReaders; });
    if (!lent_) return;
    ++readers->lent;
    std::ranges::sort(readers->idle, {},
                      [](const TarReader& each) { return std::pair(each.entries(), each.offset()); });
    auto& idle = readers->idle;
    const auto after =
        std::ranges::find_if_not(idle, [&](const auto& each) { return is_before(each, member, offset); });
    if (after != idle.begin()) {
      reader_ = std::move(*std::prev(after));
      idle.erase(std::prev(after));
    } else if (std::cmp_greater(idle.size() + static_cast<std::size_t>(readers->lent), kMostReaders)) {
      idle.pop_back();
    }
  }
  ~Loan() {
    if (!lent_) return;
    auto readers = owner_.readers_.lock();
    --readers->lent;
    if (usable_) readers->idle.push_back(std::move(*reader_));
    owner_.given_back_.notify_one();
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

  Result<TarReader*> reader() {
    if (!lent_) return fail(ErrorClass::Cancelled, "stopped");
    if (reader_) return &*reader_;
    Result<TarReader> opened = TarReader::open(owner_.file_, owner_.packing_);
    if (!opened) return std::unexpected(opened.error());
    reader_ = std::move(*opened);
    return &*reader_;
  }
  /// It stands well: the next reading may go on with it.
  void keep() { usable_ = reader_.has_value(); }

 private:
  PackedTarFiles& owner_;
  bool lent_ = false;
  bool usable_ = false;
  std::optional<TarReader> reader_;
};

PackedTarFiles::PackedTarFiles(files::OpenFile file, Packing packing) : file_(std::move(file)), packing_(packing) {}

Result<TarIndex> PackedTarFiles::scan(const std::stop_token& stop) {
  Result<TarReader> reader = TarReader::open(file_, packing_);
  if (!reader) return std::unexpected(reader.error());
  std::size_t kept = 0;
  const TarIndex::Keep keep = [&kept](const TarEntry& entry) {
    const auto size = static_cast<std::size_t>(std::max<std::int64_t>(entry.size, 0));
    const bool whole = size <= kLargestKept && kept + size <= kKeptInAll;
    const std::size_t count = whole ? size : std::min(size, kKeptOfEach);
    kept += count;
    return count;
  };
  return TarIndex::scan(*reader, keep, stop);
}

Result<const TarMember*> PackedTarFiles::find(const std::string& file, const std::stop_token& stop) {
  auto index = index_.lock();  // Held while scanning: the others wait for this index instead of making their own.
  if (!*index) {
    Result<TarIndex> scanned = scan(stop);
    if (!scanned) return std::unexpected(scanned.error());
    *index = std::move(*scanned);
  }
  return (*index)->find(file);
}

Result<std::optional<std::int64_t>> PackedTarFiles::size_of(const std::string& file, std::stop_token stop) {
  const Result<const TarMember*> member = find(file, stop);
  if (!member) return std::unexpected(member.error());
  return *member == nullptr ? std::optional<std::int64_t>() : (*member)->size;
}

Result<void> PackedTarFiles::read(const FilePart& part, const BlobSink& sink, std::stop_token stop) {
  const Result<const TarMember*> found = find(part.file, stop);
  if (!found) return std::unexpected(found.error());
  if (*found == nullptr) return no_such_file(part.file);
  const TarMember& member = **found;
  if (part.offset < 0 || part.count < 0 || part.count > member.size - part.offset)
    return not_whole(slipway::quoted(part.file) + " has only " + std::to_string(member.size) + " bytes");
  if (std::cmp_less_equal(part.offset + part.count, member.start.size())) {
    const auto kept = std::as_bytes(std::span(member.start));
    return sink(kept.subspan(static_cast<std::size_t>(part.offset), static_cast<std::size_t>(part.count)));
  }
  return read_packed(member, part, sink, stop);
}

Result<void> PackedTarFiles::read_packed(const TarMember& member, const FilePart& part, const BlobSink& sink,
                                         const std::stop_token& stop) {
  const auto space = std::make_unique_for_overwrite<std::byte[]>(kPiece);
  Loan loan(*this, member, part.offset, stop);
  const Result<TarReader*> reader = loan.reader();
  if (!reader) return std::unexpected(reader.error());
  if (Result<void> there = advance(**reader, member, part.offset, {space.get(), kPiece}, stop); !there) return there;
  const std::int64_t end = part.offset + part.count;
  while ((*reader)->offset() < end) {
    const auto wanted = std::min(kPiece, static_cast<std::size_t>(end - (*reader)->offset()));
    const Result<std::size_t> count = (*reader)->read({space.get(), wanted}, stop);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return not_whole(slipway::quoted(part.file) + " became shorter while it was read");
    if (Result<void> taken = sink({space.get(), *count}); !taken) return loan.keep(), taken;
  }
  loan.keep();
  return {};
}

}  // namespace slipway::sources

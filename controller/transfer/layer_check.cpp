#include "controller/transfer/layer_check.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "controller/zstd/zstd_frames.h"

namespace slipway::transfer {
namespace {

constexpr std::size_t kPiece = 128u << 10;
/// zstd's --ultra -22 and --long=27.
constexpr int kMostWindowLog = 27;
constexpr int kGzipWindow = 15 + 16;

std::unexpected<Error> damaged(const std::string& why) {
  return fail(ErrorClass::Integrity, "the layer cannot be decompressed: " + why,
              "build and push the image again, or use `verify: Standard`");
}

std::unexpected<Error> no_memory() {
  return fail(ErrorClass::Unavailable, "there is no memory for decompressing the layer",
              "raise the memory limit, or lower transfer.concurrency or --workers; it is tried again");
}

enum class Form { Unknown, Plain, Gzip, Zstd };

Form form_of(std::span<const std::byte> head) {
  const auto at = [&](std::size_t i) { return i < head.size() ? std::to_integer<unsigned>(head[i]) : 0U; };
  if (at(0) == 0x1f && at(1) == 0x8b) return Form::Gzip;
  const bool zstd = at(0) == 0x28 && at(1) == 0xb5 && at(2) == 0x2f && at(3) == 0xfd;
  const bool skippable = (at(0) & 0xf0) == 0x50 && at(1) == 0x2a && at(2) == 0x4d && at(3) == 0x18;
  return zstd || skippable ? Form::Zstd : Form::Plain;
}

struct EndInflate {
  void operator()(z_stream* stream) const {
    inflateEnd(stream);
    std::default_delete<z_stream>()(stream);
  }
};

}  // namespace

struct LayerCheck::State {
  State(Parts given, GrowthBounds allowed) : parts(std::move(given)), bounds(allowed) {}
  ~State() { parts.image.take_back(growth); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const Parts parts;
  const GrowthBounds bounds;
  bool is_postponed = false;
  bool is_right = false;
  Growth growth;
  Hasher hasher;
  Form form = Form::Unknown;
  std::vector<std::byte> head;   ///< The first bytes, until there are enough to tell the form.
  bool between_members = false;  ///< Of gzip: the stream may end here.
  std::unique_ptr<z_stream, EndInflate> gzip;
  std::optional<zstd::ZstdFrames> frames;
  std::vector<std::byte> out = std::vector<std::byte>(kPiece);

  Result<void> start();
  Result<void> decompress(std::span<const std::byte> bytes);
  Result<void> inflate_all(std::span<const std::byte> bytes);
  Result<void> zstd_all(std::span<const std::byte> bytes);
  Result<void> emit(std::span<const std::byte> bytes);
  Result<void> stop_at(const zstd::ZstdFrames::Failure& failure);
  bool is_whole() const;
};

Result<void> LayerCheck::State::stop_at(const zstd::ZstdFrames::Failure& failure) {
  using enum zstd::ZstdFrames::Trouble;
  if (failure.trouble == NoMemory) return no_memory();
  if (failure.trouble == LargeWindow) return damaged("its window is larger than 128 MiB");
  if (failure.trouble == Damaged) return damaged(failure.why);
  is_postponed = true;
  frames.reset();
  return {};
}

Result<void> LayerCheck::State::emit(std::span<const std::byte> bytes) {
  const auto more = static_cast<std::int64_t>(bytes.size());
  growth.unpacked += more;
  const bool fits_image = parts.image.add({.unpacked = more});
  if (!growth.is_within(bounds)) return damaged("it grows without measure");
  if (!fits_image) return damaged("with the image's other layers it grows without measure");
  hasher.update(bytes);
  return {};
}

Result<void> LayerCheck::State::start() {
  form = form_of(head);
  if (form == Form::Gzip) {
    gzip.reset(std::make_unique<z_stream>().release());
    if (inflateInit2(gzip.get(), kGzipWindow) != Z_OK) return no_memory();
  }
  WindowMemory& windows = parts.windows;
  if (form == Form::Zstd)
    frames.emplace(zstd::ZstdFrames::Bounds{.most_window_log = kMostWindowLog,
                                            .take = [&windows](std::size_t bytes) { return windows.take(bytes); },
                                            .give_back = [&windows](std::size_t bytes) { windows.give_back(bytes); }});
  return decompress(std::exchange(head, {}));
}

Result<void> LayerCheck::State::decompress(std::span<const std::byte> bytes) {
  if (is_postponed) return {};
  if (form == Form::Gzip) return inflate_all(bytes);
  if (form == Form::Zstd) return zstd_all(bytes);
  return emit(bytes);
}

/// RFC 1952, section 2.2: members follow each other without a mark between them.
Result<void> LayerCheck::State::inflate_all(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (std::exchange(between_members, false) && inflateReset(gzip.get()) != Z_OK) return damaged("zlib stopped");
    const std::size_t piece = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    gzip->next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    gzip->avail_in = static_cast<uInt>(piece);
    do {
      gzip->next_out = reinterpret_cast<Bytef*>(out.data());
      gzip->avail_out = static_cast<uInt>(out.size());
      const int code = inflate(gzip.get(), Z_NO_FLUSH);
      if (code == Z_MEM_ERROR) return no_memory();
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return damaged("bad gzip data");
      if (Result<void> good = emit(std::span(out).first(out.size() - gzip->avail_out)); !good) return good;
      between_members = code == Z_STREAM_END;
    } while (!between_members && (gzip->avail_in > 0 || gzip->avail_out == 0));
    bytes = bytes.subspan(piece - gzip->avail_in);
  }
  return {};
}

Result<void> LayerCheck::State::zstd_all(std::span<const std::byte> bytes) {
  for (bool more = true; more;) {
    const auto step = frames->step(bytes, out);
    if (!step) return stop_at(step.error());
    if (Result<void> good = emit(std::span(out).first(step->written)); !good) return good;
    bytes = bytes.subspan(step->read);
    more = !bytes.empty() || step->written == out.size();
  }
  return {};
}

bool LayerCheck::State::is_whole() const {
  if (form == Form::Zstd) return frames->may_end();
  return form == Form::Plain || between_members;
}

LayerCheck::LayerCheck(Parts parts, GrowthBounds bounds) : state_(std::make_unique<State>(std::move(parts), bounds)) {
  if (state_->parts.diff_id.starts_with("sha512:")) state_->hasher = Hasher("sha512");
}

bool LayerCheck::is_postponed() const {
  return state_->is_postponed;
}

std::optional<std::int64_t> LayerCheck::unpacked() const {
  return state_->is_right ? std::optional(state_->growth.unpacked) : std::nullopt;
}

LayerCheck::~LayerCheck() = default;
LayerCheck::LayerCheck(LayerCheck&&) noexcept = default;
LayerCheck& LayerCheck::operator=(LayerCheck&&) noexcept = default;

Result<void> LayerCheck::take(std::span<const std::byte> bytes) {
  constexpr std::size_t kEnoughToTell = 4;
  const Growth more{.read = static_cast<std::int64_t>(bytes.size())};
  state_->growth.read += more.read;
  (void)state_->parts.image.add(more);
  if (state_->form != Form::Unknown) return state_->decompress(bytes);
  state_->head.insert(state_->head.end(), bytes.begin(), bytes.end());
  return state_->head.size() < kEnoughToTell ? Result<void>{} : state_->start();
}

Result<void> LayerCheck::conclude() {
  if (state_->form == Form::Unknown)
    if (Result<void> started = state_->start(); !started) return started;
  if (state_->is_postponed) return {};
  if (!state_->is_whole()) return damaged("it ends in the middle");
  const Digest found = state_->hasher.finish();
  state_->is_right = found.str() == state_->parts.diff_id;
  if (state_->is_right) return {};
  return fail(ErrorClass::Integrity,
              "the uncompressed layer is " + found.str() + ", the config says " + state_->parts.diff_id,
              "build and push the image again: its config and its layers do not belong together");
}

}  // namespace slipway::transfer

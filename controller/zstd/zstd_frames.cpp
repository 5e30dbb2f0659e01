#include "controller/zstd/zstd_frames.h"

#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_initStaticDStream, ZSTD_getFrameHeader
#include <zstd.h>

#include <algorithm>
#include <new>
#include <utility>

namespace slipway::zstd {
namespace {

constexpr std::uint64_t kSmallestWindow = 1 << ZSTD_WINDOWLOG_MIN;

std::unexpected<ZstdFrames::Failure> failed(ZstdFrames::Trouble trouble, std::string why = {}) {
  return std::unexpected(ZstdFrames::Failure{.trouble = trouble, .why = std::move(why)});
}

}  // namespace

ZstdFrames::~ZstdFrames() {
  give_back();
}

void ZstdFrames::give_back() {
  stream_ = nullptr;
  workspace_.reset();
  if (workspace_size_ > 0) bounds_.give_back(std::exchange(workspace_size_, 0));
}

std::expected<ZstdFrames::Step, ZstdFrames::Failure> ZstdFrames::step(std::span<const std::byte> packed,
                                                                      std::span<std::byte> space) {
  return is_before_frame_ ? begin_frame(packed) : decompress(packed, space);
}

/// libzstd gets no byte of a frame before its head is whole and good: at one that is not it looks for an old format.
std::expected<ZstdFrames::Step, ZstdFrames::Failure> ZstdFrames::begin_frame(std::span<const std::byte> packed) {
  static_assert(kLongestHead >= ZSTD_FRAMEHEADERSIZE_MAX && kLongestHead >= ZSTD_SKIPPABLEHEADERSIZE);
  Step done;
  for (;;) {
    ZSTD_frameHeader header{};
    const std::size_t wanted = ZSTD_getFrameHeader(&header, head_.data(), head_size_);
    if (ZSTD_isError(wanted) != 0) return failed(Trouble::Damaged, ZSTD_getErrorName(wanted));
    if (wanted == 0) {
      if (auto good = make_room(header.windowSize); !good) return std::unexpected(good.error());
      is_before_frame_ = false;
      const std::span<const std::byte> head = std::span(head_).first(std::exchange(head_size_, 0));
      if (auto taken = decompress(head, {}); !taken) return taken;
      return done;
    }
    if (wanted <= head_size_ || wanted > head_.size()) return failed(Trouble::Damaged, "bad frame header");
    if (done.read == packed.size()) return done;
    const auto more = packed.subspan(done.read, std::min(wanted - head_size_, packed.size() - done.read));
    std::ranges::copy(more, head_.begin() + static_cast<std::ptrdiff_t>(head_size_));
    head_size_ += more.size();
    done.read += more.size();
  }
}

std::expected<void, ZstdFrames::Failure> ZstdFrames::make_room(std::uint64_t window) {
  if (window > std::uint64_t{1} << static_cast<unsigned>(bounds_.most_window_log)) return failed(Trouble::LargeWindow);
  const std::size_t needed = ZSTD_estimateDStreamSize(std::max(window, kSmallestWindow));
  if (needed <= workspace_size_) return {};
  give_back();
  if (!bounds_.take(needed)) return failed(Trouble::NotGiven);
  workspace_size_ = needed;
  workspace_.reset(new (std::nothrow) std::byte[needed]);
  if (!workspace_) return failed(Trouble::NoMemory);
  stream_ = ZSTD_initStaticDStream(workspace_.get(), needed);
  return stream_ == nullptr ? failed(Trouble::NoMemory) : std::expected<void, Failure>();
}

std::expected<ZstdFrames::Step, ZstdFrames::Failure> ZstdFrames::decompress(std::span<const std::byte> packed,
                                                                            std::span<std::byte> space) {
  ZSTD_inBuffer in{.src = packed.data(), .size = packed.size(), .pos = 0};
  ZSTD_outBuffer out{.dst = space.data(), .size = space.size(), .pos = 0};
  const std::size_t code = ZSTD_decompressStream(static_cast<ZSTD_DStream*>(stream_), &out, &in);
  if (ZSTD_isError(code) != 0) return failed(Trouble::Damaged, ZSTD_getErrorName(code));
  is_before_frame_ = code == 0;
  return Step{.read = in.pos, .written = out.pos};
}

}  // namespace slipway::zstd

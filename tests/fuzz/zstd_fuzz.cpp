#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "controller/zstd/zstd_frames.h"

namespace {

using slipway::zstd::ZstdFrames;

constexpr std::size_t kMostUnpacked = 4u << 20;

/// Gives `packed` in pieces of `piece` bytes, until it is damaged or much has come out.
void unpack(ZstdFrames& frames, std::span<const std::byte> packed, std::size_t piece) {
  std::byte space[4096];
  for (std::size_t unpacked = 0; unpacked < kMostUnpacked;) {
    const auto given = packed.first(std::min(piece, packed.size()));
    const auto step = frames.step(given, space);
    if (!step) return;
    if (step->read > given.size() || step->written > sizeof space) std::abort();
    if (!given.empty() && step->read == 0 && step->written == 0) std::abort();
    unpacked += step->written;
    packed = packed.subspan(step->read);
    if (packed.empty() && step->written < sizeof space) return;
  }
}

}  // namespace

/// However the bytes are cut, each step gets on and all memory is given back.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const std::size_t piece : {std::max<std::size_t>(size, 1), std::size_t{1}, std::size_t{6}}) {
    std::size_t held = 0;
    {
      const auto take = [&held](std::size_t bytes) {
        held += bytes;
        return true;
      };
      ZstdFrames frames(
          {.most_window_log = 20, .take = take, .give_back = [&held](std::size_t bytes) { held -= bytes; }});
      unpack(frames, std::as_bytes(std::span(data, size)), piece);
      if (held > 2u << 20) std::abort();
    }
    if (held != 0) std::abort();
  }
  return 0;
}

#pragma once

#include <cstdint>

namespace slipway::zstd {

/// How far an archive, a layer, or the layers of an image together may grow when they are decompressed, be it by zstd
/// or gzip: hashing what comes out costs time, never memory.
struct GrowthBounds {
  std::int64_t always_allowed = std::int64_t{4} << 30;
  std::int64_t most_growth = 2000;  ///< Times the bytes read so far, beyond that; gzip reaches 1,032.
  std::int64_t most_bytes = std::int64_t{1} << 40;
};

/// Bytes read of what is compressed, and what came out of them.
struct Growth {
  std::int64_t read = 0;
  std::int64_t unpacked = 0;

  bool is_within(const GrowthBounds& bounds) const {
    return unpacked <= bounds.most_bytes &&
           (unpacked <= bounds.always_allowed || unpacked / bounds.most_growth <= read);
  }
};

}  // namespace slipway::zstd

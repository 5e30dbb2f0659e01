#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "controller/transfer/window_memory.h"
#include "crds/base/digest.h"

namespace slipway::transfer {

/// How far a layer may grow when it is decompressed: hashing it costs time, never memory.
struct LayerBounds {
  std::int64_t always_allowed = std::int64_t{4} << 30;
  std::int64_t most_growth = 2000;  ///< Times the bytes read so far, beyond that; gzip reaches 1,032.
  std::int64_t most_bytes = std::int64_t{1} << 40;
};

/// Decompresses a layer (gzip, zstd, plain: told by its first bytes) as it passes and hashes what comes out, with
/// bounded memory: what a zstd frame asks for comes out of a WindowMemory. One thread at a time.
class LayerCheck {
 public:
  /// `diff_id`: the digest of the uncompressed layer, as the image config says.
  LayerCheck(std::string diff_id, WindowMemory& windows, LayerBounds bounds = {});
  ~LayerCheck();
  LayerCheck(LayerCheck&&) noexcept;
  LayerCheck& operator=(LayerCheck&&) noexcept;

  /// Integrity for a damaged stream, and for one that grows beyond its bounds.
  Result<void> take(std::span<const std::byte> bytes);
  /// Integrity unless the stream was whole and the uncompressed layer is what the config says.
  Result<void> conclude();
  /// There was no memory left in `windows`: nothing is known of the layer and no byte is held against it any more,
  /// take() and conclude() find nothing wrong. It is to be checked by itself, from its start.
  bool is_postponed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::transfer

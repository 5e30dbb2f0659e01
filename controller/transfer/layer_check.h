#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "controller/transfer/image_growth.h"
#include "controller/transfer/window_memory.h"
#include "crds/base/digest.h"

namespace slipway::transfer {

/// Decompresses a layer (gzip, zstd, plain: told by its first bytes) as it passes and hashes what comes out, with
/// bounded memory: what a zstd frame asks for comes out of a WindowMemory. One thread at a time.
class LayerCheck {
 public:
  /// What is referred to outlives the check.
  struct Parts {
    std::string diff_id;  ///< The digest of the uncompressed layer, as the image config says.
    WindowMemory& windows;
    ImageGrowth& image;  ///< Of the image that it belongs to: counts what comes out here as long as this lives.
  };
  explicit LayerCheck(Parts parts, GrowthBounds bounds = {});
  ~LayerCheck();
  LayerCheck(LayerCheck&&) noexcept;
  LayerCheck& operator=(LayerCheck&&) noexcept;

  /// Integrity for a damaged stream, and for one that grows beyond its bounds or the image's.
  Result<void> take(std::span<const std::byte> bytes);
  /// Integrity unless the stream was whole and the uncompressed layer is what the config says.
  Result<void> conclude();
  /// There was no memory left in `windows`: nothing is known of the layer and no byte is held against it any more,
  /// take() and conclude() find nothing wrong. It is to be checked by itself, from its start.
  bool is_postponed() const;
  /// Bytes that came out of a layer that was found right.
  std::optional<std::int64_t> unpacked() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::transfer

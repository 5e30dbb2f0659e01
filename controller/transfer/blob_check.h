#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "controller/transfer/layer_check.h"
#include "reconcilers/content/descriptor.h"

namespace slipway::transfer {

/// Holds the bytes of a blob against its descriptor as they come by, each byte once however often it is read. The last
/// piece is let through only when digest and size are right. One thread at a time.
class BlobCheck {
 public:
  /// `layer`: checks the uncompressed layer too.
  BlobCheck(content::Descriptor blob, std::optional<LayerCheck::Parts> layer);

  /// `bytes` stand at `offset`, which is not beyond position(). Integrity when they cannot be this blob's, Unavailable
  /// where there is no memory for looking into it.
  Result<void> take(std::int64_t offset, std::span<const std::byte> bytes);
  /// For a blob without a byte.
  Result<void> take_nothing();
  /// An error was its own: more bytes can't follow.
  bool has_failed() const { return has_failed_; }
  /// The bytes are held against the digest alone: there was no memory for looking into the layer.
  bool is_postponed() const { return layer_ && layer_->is_postponed(); }
  /// Bytes that came out of the layer, once all of it was found right.
  std::optional<std::int64_t> unpacked() const { return layer_ ? layer_->unpacked() : std::nullopt; }
  /// Bytes hashed so far, from the start on.
  std::int64_t position() const { return position_; }

 private:
  Result<void> judge(std::int64_t offset, std::span<const std::byte> bytes);
  Result<void> conclude();

  content::Descriptor blob_;
  Hasher hasher_;
  std::optional<LayerCheck> layer_;
  std::int64_t position_ = 0;
  bool concluded_ = false;
  bool has_failed_ = false;
};

}  // namespace slipway::transfer

#include "controller/transfer/blob_check.h"

#include <utility>

namespace slipway::transfer {
namespace {

constexpr const char* kRemedy = "the source gives other content than it names: push the image there again";

}  // namespace

BlobCheck::BlobCheck(content::Descriptor blob, std::optional<LayerCheck::Parts> layer)
    : blob_(std::move(blob)), hasher_(blob_.digest.algorithm()) {
  if (layer) layer_.emplace(std::move(*layer));
}

Result<void> BlobCheck::take(std::int64_t offset, std::span<const std::byte> bytes) {
  Result<void> good = judge(offset, bytes);
  has_failed_ = has_failed_ || !good;
  return good;
}

Result<void> BlobCheck::judge(std::int64_t offset, std::span<const std::byte> bytes) {
  const std::int64_t end = offset + static_cast<std::int64_t>(bytes.size());
  if (end > blob_.size)
    return fail(
        ErrorClass::Integrity,
        blob_.digest.str() + " is larger than the " + std::to_string(blob_.size) + " bytes that its manifest says",
        kRemedy);
  if (end <= position_) return {};
  const auto fresh = bytes.subspan(static_cast<std::size_t>(position_ - offset));
  hasher_.update(fresh);
  if (layer_)
    if (Result<void> good = layer_->take(fresh); !good) return while_doing(blob_.digest.str(), std::move(good.error()));
  position_ = end;
  return position_ == blob_.size ? conclude() : Result<void>{};
}

Result<void> BlobCheck::take_nothing() {
  return concluded_ ? Result<void>{} : conclude();
}

Result<void> BlobCheck::conclude() {
  concluded_ = true;
  const Digest found = hasher_.finish();
  if (found != blob_.digest)
    return fail(ErrorClass::Integrity, "the bytes of " + blob_.digest.str() + " hash to " + found.str(), kRemedy);
  if (!layer_) return {};
  Result<void> good = layer_->conclude();
  return good ? good : while_doing(blob_.digest.str(), std::move(good.error()));
}

}  // namespace slipway::transfer

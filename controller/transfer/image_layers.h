#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/transfer/blob_check.h"
#include "controller/transfer/image_growth.h"
#include "controller/transfer/running_transfer.h"

namespace slipway::transfer {

/// The layers of one request that are to be held against their diff ids, if it asks for that: each once, as it is sent
/// or else where it is. Thread-safe.
class ImageLayers {
 public:
  /// `running` outlives this.
  explicit ImageLayers(RunningTransfer& running);

  /// What a layer that is sent is to be held against meanwhile; nothing when nobody asks, or it was found right before.
  std::optional<LayerCheck::Parts> to_check(const Digest& layer);
  /// It was, and `unpacked` bytes came out of it.
  void found_right(const content::Descriptor& blob, std::int64_t unpacked);
  /// Of a blob that is there: reads it where it is unless it was found right, or is no layer to be checked. One that
  /// `was_sent` found no memory when it was, and waits for its turn at once.
  Result<void> look_into(const content::Descriptor& blob, bool was_sent, const std::stop_token& stop);

 private:
  /// Nothing when nobody asks, or it was found right before.
  std::optional<std::string> diff_id_of(const Digest& layer) const;
  Result<bool> look_among_others(const content::Descriptor& blob, const std::string& diff_id,
                                 const std::stop_token& stop);
  Result<void> look_in_turn(const content::Descriptor& blob, const std::string& diff_id, const std::stop_token& stop);
  /// How one look at a layer ended that found nothing wrong.
  enum class Looked { Right, NoMemory, GaveWay };
  /// Whether to leave off for others' sake.
  using GivesWay = std::function<bool()>;
  Result<Looked> look(const content::Descriptor& blob, const LayerCheck::Parts& layer, const GivesWay& gives_way,
                      const std::stop_token& stop);
  Result<void> read_all(const content::Descriptor& blob, BlobCheck& check, const GivesWay& gives_way,
                        const std::stop_token& stop);

  RunningTransfer& running_;
  const std::shared_ptr<WindowMemory> windows_;  ///< Null when nobody asks.
  ImageGrowth growth_;
};

}  // namespace slipway::transfer

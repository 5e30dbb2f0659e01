#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "controller/transfer/blob_check.h"
#include "controller/transfer/blob_ring.h"
#include "controller/transfer/patience.h"
#include "reconcilers/ports/image_store.h"

namespace slipway::transfer {

/// Reads a blob from its source, from an offset on, checks it and keeps a ring filled: on a thread of its own, or, when
/// it is little (`at_once_up_to`), all of it before the first byte is taken. A cut of
/// the source is waited out and the blob read on from there; whoever takes from the ring sees a pause.
class BlobFeed {
 public:
  struct Parts {
    ImageSource& from;
    const content::Descriptor& blob;
    BlobCheck& check;  ///< The feed's alone until end().
    const TransferRules& rules;
    const TransferHands& hands;
    Patience::Listener waits;                      ///< The source failed and is asked again after a while.
    std::function<void(std::int64_t at)> resumed;  ///< The source was cut there; its next byte has come.
  };
  /// What `parts` refers to outlives it. `stop` ends what is read here.
  BlobFeed(Parts parts, std::int64_t offset, const std::stop_token& stop);
  /// As end().
  ~BlobFeed();
  BlobFeed(const BlobFeed&) = delete;
  BlobFeed& operator=(const BlobFeed&) = delete;

  /// Waits for bytes; 0 is the end, the source's error comes when patience with it is over.
  Result<std::size_t> take(std::span<std::byte> space, const std::stop_token& stop) { return ring_.take(space, stop); }

  /// Stops reading, waits for the thread, and gives what went wrong at the source, if anything did before.
  std::optional<Error> end();

 private:
  void start_thread();
  Result<void> read_all(const std::stop_token& stop);
  Result<void> read_once(const std::stop_token& stop);
  void run(const std::stop_token& stop);
  Result<void> read_guarded(const std::stop_token& stop);

  Parts parts_;
  const std::int64_t start_;
  bool is_cut_ = false;                   ///< After a first byte, and no byte since. The reader's own.
  std::int64_t at_;                       ///< Where the next byte of the source stands. The reader's own.
  std::chrono::nanoseconds held_back_{};  ///< How long the source waited for room. The reader's own.
  BlobRing ring_;
  std::optional<Error> error_;  ///< The reader's own until it has ended.
  std::jthread thread_;
};

}  // namespace slipway::transfer

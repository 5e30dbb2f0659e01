#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>

#include "controller/runtime/guarded.h"
#include "crds/base/result.h"

namespace slipway::transfer {

/// A bounded queue of bytes between one thread that puts and one that takes. Either is woken only when a quarter is
/// there for it, so that two threads do not take turns on every piece, and what is put is shown to the taker an eighth
/// at a time, so that no piece costs a lock.
class BlobRing {
 public:
  explicit BlobRing(std::size_t capacity);

  /// Waits for room. False when `stop` asks, or soon after the taker gave up.
  bool put(std::span<const std::byte> bytes, const std::stop_token& stop);
  /// No more comes. With an error: take() gives it once the ring is empty.
  void close(std::optional<Error> error = std::nullopt);

  /// Waits for bytes; 0 is the end. Cancelled when `stop` asks.
  Result<std::size_t> take(std::span<std::byte> space, const std::stop_token& stop);
  /// Nothing is taken any more.
  void give_up();

 private:
  struct State {
    std::size_t put = 0;  ///< Bytes ever put and shown; their place is this modulo the capacity.
    std::size_t taken = 0;
    bool closed = false;
    bool given_up = false;
    bool putter_waits = false;
    bool taker_waits = false;
    std::optional<Error> error;
  };

  using Locked = runtime::Guarded<State>::Lock<State>;
  void show(const Locked& state);
  bool wait_for_room(const std::stop_token& stop);

  const std::size_t capacity_;
  const std::unique_ptr<std::byte[]> bytes_;  ///< Between `taken` and `put` the taker's, the rest the putter's.
  std::size_t written_ = 0;                   ///< Of all put, shown or not. The putter's own.
  std::size_t shown_ = 0;                     ///< `put` as the putter left it. The putter's own.
  std::size_t seen_taken_ = 0;                ///< `taken` as the putter saw it last. The putter's own.
  runtime::Guarded<State> state_;
  std::condition_variable_any room_;
  std::condition_variable_any content_;
};

}  // namespace slipway::transfer

#include "controller/transfer/blob_ring.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace slipway::transfer {

BlobRing::BlobRing(std::size_t capacity)
    : capacity_(std::max<std::size_t>(capacity, 1)), bytes_(std::make_unique_for_overwrite<std::byte[]>(capacity_)) {}

bool BlobRing::put(std::span<const std::byte> bytes, const std::stop_token& stop) {
  while (!bytes.empty()) {
    if (written_ - seen_taken_ == capacity_ && !wait_for_room(stop)) return false;
    if (stop.stop_requested()) return false;
    const std::size_t place = written_ % capacity_;
    const std::size_t room = std::min(capacity_ - (written_ - seen_taken_), capacity_ - place);
    const std::size_t count = std::min(room, bytes.size());
    std::memcpy(bytes_.get() + place, bytes.data(), count);
    bytes = bytes.subspan(count);
    written_ += count;
    if (written_ - shown_ < capacity_ / 8) continue;
    auto state = state_.lock();
    show(state);
    if (state->given_up) return false;
  }
  return true;
}

void BlobRing::show(const Locked& state) {
  state->put = shown_ = written_;
  seen_taken_ = state->taken;
  if (state->taker_waits && state->put - state->taken >= capacity_ / 4) content_.notify_one();
}

bool BlobRing::wait_for_room(const std::stop_token& stop) {
  auto state = state_.lock();
  show(state);
  if (state->put - state->taken == capacity_ && !state->given_up) {
    state->putter_waits = true;
    state.wait(room_, stop, [&] { return state->put - state->taken <= capacity_ * 3 / 4 || state->given_up; });
    state->putter_waits = false;
  }
  seen_taken_ = state->taken;
  return !state->given_up && !stop.stop_requested();
}

void BlobRing::close(std::optional<Error> error) {
  auto state = state_.lock();
  show(state);
  state->closed = true;
  state->error = std::move(error);
  content_.notify_one();
}

Result<std::size_t> BlobRing::take(std::span<std::byte> space, const std::stop_token& stop) {
  std::size_t place = 0;
  std::size_t content = 0;
  {
    auto state = state_.lock();
    if (state->put == state->taken && !state->closed) {
      state->taker_waits = true;
      state.wait(content_, stop, [&] {
        const std::size_t there = state->put - state->taken;
        return state->closed || (there > 0 && there >= capacity_ / 4);
      });
      state->taker_waits = false;
    }
    if (stop.stop_requested()) return fail(ErrorClass::Cancelled, "stopped");
    content = state->put - state->taken;
    if (content == 0 && state->error) return std::unexpected(*state->error);
    place = state->taken % capacity_;
    content = std::min(content, capacity_ - place);
  }
  const std::size_t count = std::min(content, space.size());
  std::memcpy(space.data(), bytes_.get() + place, count);
  auto state = state_.lock();
  state->taken += count;
  if (state->putter_waits && state->put - state->taken <= capacity_ * 3 / 4) room_.notify_one();
  return count;
}

void BlobRing::give_up() {
  auto state = state_.lock();
  state->given_up = true;
  room_.notify_one();
}

}  // namespace slipway::transfer

#include "controller/transfer/other_senders.h"

#include <algorithm>
#include <limits>

namespace slipway::transfer {
namespace {

bool contains(const std::vector<std::shared_ptr<const OtherSenders::Ticket>>& all, const OtherSenders::Ticket& one) {
  return std::ranges::any_of(all, [&](const auto& each) { return each.get() == &one; });
}

}  // namespace

/// A row of those who wait for their turn is no sender: each may take as long as a look at it.
bool OtherSenders::is_worth_waiting(const Ticket& other) const {
  constexpr int kMostNotBegun = 8;
  const bool may_begin = other.streams || not_begun_ < kMostNotBegun;
  return may_begin && !contains(queued_, other) && is_worth_yielding(other);
}

/// Of those who send it one after the other in vain, or slowly, no third is waited for.
bool OtherSenders::is_worth_yielding(const Ticket& other) const {
  constexpr std::size_t kMostInVain = 2;
  return slow_.size() + static_cast<std::size_t>(failed_) < kMostInVain && !contains(slow_, other);
}

bool OtherSenders::wait_for(const std::shared_ptr<const Ticket>& other, const std::stop_token& stop) {
  const bool has_ended = ends_in_time(*other, stop);
  const bool has_begun = other->streams;
  if (!has_ended) (has_begun ? slow_ : queued_).push_back(other);
  if (has_ended && !other->succeeded && has_begun) ++failed_;
  if (!other->succeeded && !has_begun) ++not_begun_;
  return has_ended;
}

bool OtherSenders::ends_in_time(const Ticket& other, const std::stop_token& stop) const {
  constexpr int kMostSlow = 2;
  std::stop_source woken;
  const auto wake = [&woken] { woken.request_stop(); };
  const std::stop_callback at_stop(stop, wake);
  const std::stop_callback at_end(other.ended.get_token(), wake);
  for (int slow = 0; slow < kMostSlow;) {
    const std::int64_t before = other.position;
    const std::chrono::nanoseconds began = parts_.hands.elapsed();
    parts_.hands.wait(parts_.rules.look_after, woken.get_token());
    if (woken.stop_requested()) return true;
    slow = gets_on(other, before, parts_.hands.elapsed() - began) ? 0 : slow + 1;
  }
  return false;
}

/// Once all bytes are there it takes as long as the registry takes. Our own limit is nobody's slowness.
bool OtherSenders::gets_on(const Ticket& other, std::int64_t from, std::chrono::nanoseconds in) const {
  const std::int64_t to = other.position;
  if (other.streams && to >= parts_.blob_size) return true;
  const auto shares = 2 * static_cast<std::size_t>(std::max(1, parts_.rules.most_streams));
  const std::size_t allowed = parts_.limit.piece_of(std::numeric_limits<std::size_t>::max());
  const std::int64_t fair = std::min(parts_.rules.fair_per_second, static_cast<std::int64_t>(allowed / shares));
  return to > from && to - from >= std::chrono::floor<std::chrono::seconds>(in).count() * fair;
}

}  // namespace slipway::transfer

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
  const bool in_vain = slow_.size() + static_cast<std::size_t>(failed_) >= kMostInVain;
  return !in_vain && waited_ < parts_.rules.longest_for_others && !contains(slow_, other);
}

bool OtherSenders::wait_for(const std::shared_ptr<const Ticket>& other, const std::stop_token& stop) {
  const bool has_ended = ends_in_time(*other, stop);
  const bool has_begun = other->streams;
  if (!has_ended) (has_begun ? slow_ : queued_).push_back(other);
  if (has_ended && !other->succeeded && has_begun) ++failed_;
  if (!other->succeeded && !has_begun) ++not_begun_;
  return has_ended;
}

bool OtherSenders::ends_in_time(const Ticket& other, const std::stop_token& stop) {
  constexpr int kMostSlow = 2;
  std::stop_source woken;
  const auto wake = [&woken] { woken.request_stop(); };
  const std::stop_callback at_stop(stop, wake);
  const std::stop_callback at_end(other.ended.get_token(), wake);
  for (int slow = 0; slow < kMostSlow && waited_ < parts_.rules.longest_for_others;) {
    const std::int64_t before = other.position;
    const std::chrono::nanoseconds began = parts_.hands.elapsed();
    parts_.hands.wait(parts_.rules.look_after, woken.get_token());
    const std::chrono::nanoseconds in = parts_.hands.elapsed() - began;
    const Pace pace = pace_of(other, before, in);
    if (pace != Pace::Quick) waited_ += in;
    if (woken.stop_requested()) return true;
    slow = pace == Pace::Slow ? slow + 1 : 0;
  }
  return false;
}

/// Once all bytes are there it takes as long as the registry takes. Our own limit is nobody's slowness.
OtherSenders::Pace OtherSenders::pace_of(const Ticket& other, std::int64_t from, std::chrono::nanoseconds in) const {
  const TransferRules& rules = parts_.rules;
  const std::int64_t to = other.position;
  if (other.streams && to >= parts_.blob_size) return Pace::Quick;
  const auto shares = 2 * static_cast<std::size_t>(std::max(1, rules.most_streams));
  const std::size_t allowed = parts_.limit.piece_of(std::numeric_limits<std::size_t>::max());
  const auto share = static_cast<std::int64_t>(allowed / shares);
  const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(in).count();
  const auto has_pace = [&](std::int64_t per_second) { return to - from >= seconds * std::min(per_second, share); };
  if (to <= from || !has_pace(rules.fair_per_second)) return Pace::Slow;
  if (has_pace(rules.quick_per_second)) return Pace::Quick;
  const std::int64_t per_second = (to - from) / std::max<std::int64_t>(seconds, 1);
  const bool ends_soon = (parts_.blob_size - to) / rules.longest_rest.count() <= per_second;
  return ends_soon ? Pace::Fair : Pace::Slow;
}

}  // namespace slipway::transfer

#include "controller/transfer/other_senders.h"

#include <algorithm>
#include <limits>

namespace slipway::transfer {
namespace {

bool contains(const std::vector<std::shared_ptr<const OtherSenders::Ticket>>& all, const OtherSenders::Ticket& one) {
  return std::ranges::any_of(all, [&](const auto& each) { return each.get() == &one; });
}

}  // namespace

void OtherSenders::OfRequest::waited(std::chrono::nanoseconds began, std::chrono::nanoseconds ended) {
  auto state = state_.lock();
  began = std::max(began, state->until);
  if (ended <= began) return;
  state->waited += ended - began;
  state->until = ended;
}

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
  const bool is_slow = contains(slow_, other) || parts_.request.is_slow(other.repository);
  return !in_vain && !is_slow && has_patience();
}

bool OtherSenders::has_patience() const {
  return std::max(waited_, parts_.request.waited()) < parts_.rules.longest_for_others;
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
  Gain in_all;
  bool has_ended = false;
  for (int slow = 0; !has_ended && slow < kMostSlow && has_patience();) {
    const std::int64_t from = other.position;
    const std::int64_t starved = other.starved;
    const std::chrono::nanoseconds began = parts_.hands.elapsed();
    const bool streams = other.streams;
    parts_.hands.wait(parts_.rules.look_after, woken.get_token());
    const std::chrono::nanoseconds now = parts_.hands.elapsed();
    const Gain gain{.bytes = other.position - from,
                    .in = now - began,
                    .starved = std::chrono::nanoseconds(other.starved - starved)};
    const Pace pace = pace_of(other, gain);
    if (pace != Pace::Quick) waited_ += gain.in;
    if (pace != Pace::Quick && streams) {
      in_all = {.bytes = in_all.bytes + gain.bytes, .in = in_all.in + gain.in};
      if (!is_pace(gain, parts_.rules.good_per_second)) parts_.request.waited(began, now);
    }
    slow = pace == Pace::Slow ? slow + 1 : 0;
    has_ended = woken.stop_requested();
  }
  if (!is_pace(in_all, parts_.rules.good_per_second)) parts_.request.found_slow(other.repository);
  return has_ended;
}

/// Our own limit is nobody's slowness.
bool OtherSenders::is_pace(const Gain& gain, std::int64_t per_second) const {
  const auto shares = 2 * static_cast<std::size_t>(std::max(1, parts_.rules.most_streams));
  const std::size_t allowed = parts_.limit.piece_of(std::numeric_limits<std::size_t>::max());
  const auto share = static_cast<std::int64_t>(allowed / shares);
  const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(gain.in).count();
  return gain.bytes >= seconds * std::min(per_second, share);
}

/// Once all bytes are there it takes as long as the registry takes; and where the source waits for the registry or the
/// way to it, whoever sends it too shares that way and makes it slower.
OtherSenders::Pace OtherSenders::pace_of(const Ticket& other, const Gain& gain) const {
  const TransferRules& rules = parts_.rules;
  const std::int64_t position = other.position;
  if (other.streams && position >= parts_.blob_size) return Pace::Quick;
  if (gain.bytes > 0 && 2 * gain.starved < gain.in) return Pace::Quick;
  if (gain.bytes <= 0 || !is_pace(gain, rules.fair_per_second)) return Pace::Slow;
  if (is_pace(gain, rules.quick_per_second)) return Pace::Quick;
  const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(gain.in).count();
  const std::int64_t per_second = gain.bytes / std::max<std::int64_t>(seconds, 1);
  const bool ends_soon = (parts_.blob_size - position) / rules.longest_rest.count() <= per_second;
  return ends_soon ? Pace::Fair : Pace::Slow;
}

}  // namespace slipway::transfer

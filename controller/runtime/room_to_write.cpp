#include "controller/runtime/room_to_write.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "controller/runtime/waiting.h"

namespace slipway::runtime {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kComesBackWithin{60};
constexpr milliseconds kBetweenQuestions{100};
constexpr milliseconds kAfterTaken{2};

bool is_ready(int descriptor, milliseconds within) {
  pollfd ready{.fd = descriptor, .events = POLLOUT, .revents = 0};
  int found = -1;
  do {
    found = ::poll(&ready, 1, static_cast<int>(within.count()));
  } while (found < 0 && errno == EINTR);
  return found != 0;
}

const SteadyClock& clock_of_machine() {
  static const SystemSteadyClock kClock;
  return kClock;
}

}  // namespace

RoomToWrite::RoomToWrite(int descriptor, milliseconds patience, MayGiveUp may_give_up)
    : RoomToWrite([descriptor](milliseconds within) { return is_ready(descriptor, within); }, patience,
                  clock_of_machine(), std::move(may_give_up)) {}

RoomToWrite::RoomToWrite(HasRoom has_room, milliseconds patience, const SteadyClock& clock, MayGiveUp may_give_up,
                         std::function<void(milliseconds)> pause)
    : has_room_(std::move(has_room)),
      patience_(patience),
      clock_(clock),
      may_give_up_(std::move(may_give_up)),
      pause_(std::move(pause)),
      given_back_at_(clock.now()),
      left_(patience) {}

bool RoomToWrite::wait() {
  // Mostly there is, and no time is to be looked at.
  bool found = has_room_(milliseconds{0});
  while (!found && !may_give_up_()) found = has_room_(kBetweenQuestions);
  if (!found && !is_given_up_) {
    const auto began = clock_.now();
    give_back(began);
    found = has_room_(std::chrono::ceil<milliseconds>(left_));
    take(clock_.now() - began);
  }
  is_given_up_ = !found;
  return found;
}

void RoomToWrite::sleep(milliseconds time) {
  runtime::wait(time, {});
}

bool RoomToWrite::was_taken() {
  if (is_given_up_) return false;
  give_back(clock_.now());
  pause_(kAfterTaken);
  if (!may_give_up_()) return true;
  take(kAfterTaken);
  is_given_up_ = left_ == std::chrono::nanoseconds{0};
  return !is_given_up_;
}

void RoomToWrite::take(std::chrono::nanoseconds time) {
  left_ = std::max(left_ - time, std::chrono::nanoseconds{0});
}

void RoomToWrite::give_back(SteadyClock::Time now) {
  const double share = std::chrono::duration<double>(now - given_back_at_) / kComesBackWithin;
  const auto back = std::chrono::duration_cast<std::chrono::nanoseconds>(patience_ * std::min(share, 1.0));
  left_ = std::min<std::chrono::nanoseconds>(left_ + back, patience_);
  given_back_at_ = now;
}

}  // namespace slipway::runtime

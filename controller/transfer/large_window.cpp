#include "controller/transfer/large_window.h"

#include <optional>

namespace slipway::transfer {
namespace {

/// Whoever waits looks so often whether the time of the one before is over: nothing else tells when that only waits.
constexpr std::chrono::milliseconds kLook{200};

}  // namespace

LargeWindow::Turn::Turn(LargeWindow& window, TurnRow::OfRequest& request, std::chrono::seconds stay)
    : window_(window), request_(request), stay_(stay) {
  window_.state_.lock()->row.join(request_);
}

LargeWindow::Turn::~Turn() {
  {
    const auto state = window_.state_.lock();
    if (held_) {
      state->present = nullptr;
      state->row.end();
    } else {
      state->row.leave(request_);
    }
  }
  window_.moved_.notify_all();
}

bool LargeWindow::Turn::wait(const std::stop_token& stop) {
  while (true) {
    std::optional<std::stop_source> late;
    {
      auto state = window_.state_.lock();
      held_ = state.wait_for(window_.moved_, stop, kLook, [&] { return state->row.is_next(request_); });
      if (held_) {
        state->row.begin(request_);
        state->present = this;
        state->began = window_.elapsed_();
        return true;
      }
      if (state->present != nullptr && state->present->has_had_its_time(*state)) late = state->present->over_;
    }
    if (stop.stop_requested()) return false;
    if (late) late->request_stop();
  }
}

bool LargeWindow::Turn::is_over() const {
  if (over_.stop_requested()) return true;
  const auto state = window_.state_.lock();
  return has_had_its_time(*state);
}

bool LargeWindow::Turn::has_had_its_time(const State& state) const {
  return state.present == this && state.row.has_others_than(request_) && window_.elapsed_() - state.began >= stay_;
}

}  // namespace slipway::transfer

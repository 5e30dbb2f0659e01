#include "controller/runtime/time_limits.h"

#include <vector>

namespace slipway::runtime {

TimeLimits::TimeLimits() : thread_([this](const std::stop_token& stop) { watch(stop); }) {}

std::optional<SteadyClock::Time> TimeLimits::State::next() const {
  return open.empty() ? std::nullopt : std::optional(open.begin()->first.first);
}

void TimeLimits::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<std::stop_source> over;
    {
      auto state = state_.lock();
      const auto next = state->next();
      const auto is_changed = [&] { return state->next() != next; };
      if (next)
        state.wait_for(changed_, stop, *next - clock_.now(), is_changed);
      else
        state.wait(changed_, stop, is_changed);
      while (!state->open.empty() && state->open.begin()->first.first <= clock_.now())
        over.push_back(std::move(state->open.extract(state->open.begin()).mapped()));
    }
    // Not under the lock: what is stopped may be quick to end.
    for (auto& work : over) work.request_stop();
  }
}

TimeLimits::Limit::Limit(TimeLimits& limits, std::chrono::milliseconds left, std::stop_source work) : limits_(limits) {
  {
    const auto state = limits_.state_.lock();
    key_ = {limits_.clock_.now() + left, state->number++};
    state->open.emplace(key_, std::move(work));
  }
  limits_.changed_.notify_all();
}

TimeLimits::Limit::~Limit() {
  limits_.state_.lock()->open.erase(key_);
}

}  // namespace slipway::runtime

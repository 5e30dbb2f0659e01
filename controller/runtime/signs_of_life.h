#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"

namespace slipway::runtime {

/// When something last moved: a visit that began or ended, a request, bytes of a transfer; and when the folder was last
/// looked at. Thread-safe.
class SignsOfLife {
 public:
  /// `clock` outlives it.
  explicit SignsOfLife(const SteadyClock& clock) : clock_(clock), last_({.work = clock.now(), .folder = clock.now()}) {}

  void of_work() { last_.lock()->work = clock_.now(); }
  /// A look at the folder ended, well or not.
  void of_folder() { last_.lock()->folder = clock_.now(); }

  /// How long nothing has moved although there has been work since `oldest_work`; none when there is no work.
  std::chrono::nanoseconds work_silent_for(std::optional<SteadyClock::Time> oldest_work) const {
    return oldest_work ? clock_.now() - std::max(*oldest_work, last_.lock()->work) : std::chrono::nanoseconds{0};
  }
  std::chrono::nanoseconds folder_silent_for() const { return clock_.now() - last_.lock()->folder; }

 private:
  struct Last {
    SteadyClock::Time work;
    SteadyClock::Time folder;
  };
  const SteadyClock& clock_;
  Guarded<Last> last_;
};

}  // namespace slipway::runtime

#pragma once

#include <string>

#include "controller/http/transport.h"
#include "controller/runtime/guarded.h"
#include "reconcilers/ports/clock.h"

namespace slipway::registry {

/// Whether a host answers, as far as the requests to it tell. One that kept a request waiting in vain and answered no
/// other meanwhile is silent, until it answers or fails at once. Of those who come while it is silent one at a time may
/// ask it: so a host that hangs holds one worker, not all of them. Thread-safe.
class HostSilence {
 public:
  /// Unavailable while the host is silent and another visit asks it. A visit may come more than once, and leaves as
  /// often; who has no id is never refused.
  Result<void> enter(const std::string& host, const std::string& visit);
  void leave(const std::string& visit);
  bool is_silent() const { return state_.lock()->is_silent; }

  /// What became of a request that was sent at `began`.
  void note(const http::Request& request, const Result<http::Response>& result, Timestamp began, Timestamp now);

 private:
  struct State {
    bool is_silent = false;
    Timestamp answered_at{};
    std::string asking;  ///< The visit that may, while it is silent.
    int entered = 0;     ///< How often that came, without having left.
  };
  runtime::Guarded<State> state_;
};

}  // namespace slipway::registry

#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "controller/http/transport.h"
#include "controller/runtime/guarded.h"
#include "reconcilers/ports/clock.h"

namespace slipway::registry {

/// Whether a host answers, as far as the requests to it tell. One that kept a request waiting in vain and answered no
/// other meanwhile is silent, until it answers or fails at once. While it is silent one visit at a time may have
/// requests out to it: so a host that hangs holds one worker, not all of them, and who waits for another host holds
/// nobody up. Thread-safe.
class HostSilence {
 public:
  /// What a request has while it is out. The host's silence outlives it.
  class Place {
   public:
    Place() = default;
    Place(HostSilence& silence, std::uint64_t turn) : silence_(&silence), turn_(turn) {}
    Place(Place&& other) noexcept : silence_(std::exchange(other.silence_, nullptr)), turn_(other.turn_) {}
    Place& operator=(Place&&) = delete;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (silence_ != nullptr) silence_->leave(turn_);
    }

   private:
    HostSilence* silence_ = nullptr;  ///< Null: it was not silent.
    std::uint64_t turn_ = 0;
  };
  /// Before a request is sent: Unavailable while the host is silent and another visit has requests out. Who has no id
  /// is never refused.
  Result<Place> enter(const std::string& host, const std::string& visit);
  bool is_silent() const { return state_.lock()->is_silent; }

  /// What became of a request that was sent at `began`.
  void note(const http::Request& request, const Result<http::Response>& result, Timestamp began, Timestamp now);

 private:
  void leave(std::uint64_t turn);

  struct State {
    bool is_silent = false;
    Timestamp answered_at{};
    std::string asking;      ///< The visit that may, while it is silent.
    int out = 0;             ///< Its requests.
    std::uint64_t turn = 0;  ///< Of that visit: what was sent before it counts no more.
  };
  runtime::Guarded<State> state_;
};

}  // namespace slipway::registry

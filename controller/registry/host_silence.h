#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "controller/http/transport.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"

namespace slipway::registry {

class HostSilence;

/// Wants to know which hosts give no answer, and who is kept from them because of it. Thread-safe; called without a
/// lock held, on the threads that ask, so it returns at once.
class SilenceWatcher {
 public:
  virtual ~SilenceWatcher() = default;
  virtual void began(const std::string& /*host*/) {}
  /// A request of that visit was not sent: another visit waits for an answer.
  virtual void put_off(const std::shared_ptr<const HostSilence>&, const std::string& /*visit*/) {}
  /// It is silent still, and no visit asks it any more: one may.
  virtual void is_free(const std::string& /*host*/) {}
  virtual void is_over(const std::string& /*host*/) {}
};

/// Whether a host answers, as far as the requests to it tell. One that kept a request waiting in vain and answered no
/// other meanwhile is silent, until it answers or fails at once. While it is silent one visit at a time may have
/// requests out to it: so a host that hangs holds one worker, not all of them, and who waits for another host holds
/// nobody up. Thread-safe.
///
/// In vain is what got no answer, or one of a proxy or of the host that it can't (5xx), after 8 s; what was waited on
/// this side does not count. Neither does, whatever becomes of it, a blob, which has a patience of its own, nor a
/// courtesy (`now_or_never`), for which nobody waits.
class HostSilence : public std::enable_shared_from_this<HostSilence> {
 public:
  using Time = runtime::SteadyClock::Time;

  struct Hands {
    const runtime::SteadyClock& clock;
    SilenceWatcher& watcher;
  };
  /// Both outlive it.
  HostSilence(std::string host, const Hands& hands) : host_(std::move(host)), hands_(hands) {}

  /// What a request has while it is out. The host's silence outlives it.
  class Place {
   public:
    Place(HostSilence& silence, std::optional<std::uint64_t> turn, Time began);
    Place(Place&& other) noexcept
        : silence_(other.silence_),
          turn_(std::exchange(other.turn_, std::nullopt)),
          began_(other.began_),
          waited_before_(other.waited_before_) {}
    Place& operator=(Place&&) = delete;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    /// Of a request that ended with something thrown: who may ask now is not told of it.
    ~Place() {
      if (turn_) silence_->leave(*turn_);
    }

    /// What became of the request, which is not out any more. On the thread that entered.
    void over(const http::Request& request, const Result<http::Response>& result);

   private:
    HostSilence* silence_;
    std::optional<std::uint64_t> turn_;  ///< Absent: it was not silent.
    const Time began_;
    const std::chrono::nanoseconds waited_before_;  ///< http::waited_here().
  };
  /// Before a request is sent: Unavailable, with reason HostSilent, while the host is silent and another visit has
  /// requests out. Who has no id is never refused.
  Result<Place> enter(const std::string& visit);
  const std::string& host() const { return host_; }
  bool is_silent() const { return state_.lock()->is_silent; }
  /// Whether a visit is put off that has no requests out.
  bool is_taken() const;

 private:
  struct Ended {
    Time began;
    bool is_answered = false;
    bool is_in_vain = false;
  };
  /// What a request that is over changed.
  enum class Change { None, Began, Over };

  Change note(const Ended& request, Time now);
  /// True: it was the last one out while the host is silent.
  bool leave(std::uint64_t turn);

  struct State {
    bool is_silent = false;
    std::optional<Time> answered_at;
    std::string asking;      ///< The visit that may, while it is silent.
    int out = 0;             ///< Its requests.
    std::uint64_t turn = 0;  ///< Of that visit: what was sent before it counts no more.
  };
  const std::string host_;
  const Hands hands_;
  runtime::Guarded<State> state_;
};

}  // namespace slipway::registry

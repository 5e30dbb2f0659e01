#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "controller/http/transport.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"

namespace slipway::registry {

class HostSilence;

/// Whose turn it is to ask a host that keeps requests waiting. Each row has a turn of its own, so that what never
/// answered keeps nobody from what has.
enum class SilenceRow {
  Hanging,   ///< Parts of the host that kept a request waiting in vain since.
  Answered,  ///< Others, that have answered.
  Untried,   ///< The rest.
};

/// Wants to know which hosts give no answer, and who is kept from them because of it. Thread-safe; called without a
/// lock held, on the threads that ask, so it returns at once.
class SilenceWatcher {
 public:
  virtual ~SilenceWatcher() = default;
  virtual void began(const std::string& /*host*/) {}
  /// A request of that visit was not sent: another visit of its row waits for an answer.
  virtual void put_off(const std::shared_ptr<const HostSilence>&, SilenceRow, const std::string& /*visit*/) {}
  /// It is silent still, and no visit of that row asks it any more: one may.
  virtual void is_free(const std::string& /*host*/, SilenceRow) {}
  virtual void is_over(const std::string& /*host*/) {}
};

/// Whether a host answers, as far as the requests to it tell. One that kept a request waiting in vain and answered no
/// other meanwhile is silent, until it answers or fails at once. While it is silent one visit of each row (SilenceRow)
/// may have requests out to it: so a host that hangs holds few workers, not all of them, and who waits for another host
/// holds nobody up. Thread-safe.
///
/// A registry that fetches from others may hang in some repositories and answer in the rest. So the parts of it that
/// kept a request waiting in vain and answered no other meanwhile are known as hanging, and are one visit's at a time
/// until one of them answers, whatever the rest does; once one of the rest is answered, all of those may ask.
///
/// In vain is what got no answer, or one of a proxy or of the host that it can't (5xx), after 8 s; what was waited on
/// this side does not count. Neither does, whatever becomes of it, a blob, which has a patience of its own, nor a
/// courtesy (`now_or_never`), for which nobody waits.
class HostSilence : public std::enable_shared_from_this<HostSilence> {
 public:
  using Time = runtime::SteadyClock::Time;

  /// A visit's turn to ask.
  struct Taken {
    SilenceRow row;
    std::uint64_t turn;
  };

  struct Hands {
    const runtime::SteadyClock& clock;
    SilenceWatcher& watcher;
  };
  /// Both outlive it. `host` is in the one spelling of registry_name().
  HostSilence(std::string host, const Hands& hands) : host_(std::move(host)), hands_(hands) {}

  /// What a request has while it is out. The host's silence outlives it.
  class Place {
   public:
    Place(HostSilence& silence, std::string part, std::optional<Taken> taken, Time began);
    Place(Place&& other) noexcept
        : silence_(other.silence_),
          part_(std::move(other.part_)),
          taken_(std::exchange(other.taken_, std::nullopt)),
          began_(other.began_),
          waited_before_(other.waited_before_) {}
    Place& operator=(Place&&) = delete;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    /// Of a request that ended with something thrown: who may ask now is not told of it.
    ~Place() {
      if (taken_) silence_->leave(*taken_);
    }

    /// What became of the request, which is not out any more. On the thread that entered.
    void over(const http::Request& request, const Result<http::Response>& result);

   private:
    HostSilence* silence_;
    std::string part_;
    std::optional<Taken> taken_;  ///< Absent: whoever asks may.
    const Time began_;
    const std::chrono::nanoseconds waited_before_;  ///< http::waited_here().
  };
  /// Before a request for `part` of the host, repositories that are likely to hang together or what is none, is sent:
  /// Unavailable, with reason HostSilent, while another visit has the turn that it would need. Who has no id is never
  /// refused.
  Result<Place> enter(const std::string& visit, const std::string& part = {});
  /// As enter(), of a request that waits for something else first: it is refused now rather than afterwards.
  Result<void> admit(const std::string& visit, const std::string& part = {});
  const std::string& host() const { return host_; }
  bool is_silent() const { return state_.lock()->is_silent; }
  /// Whether a visit of that row is put off that has no requests out.
  bool is_taken(SilenceRow row) const;

 private:
  struct Ended {
    const std::string& part;
    Time began;
    bool is_answered = false;
    bool is_in_vain = false;
  };
  /// What a request that is over changed.
  enum class Change { None, Began, Over };

  Change note(const Ended& request, Time now);
  /// True: it was the last one out of that turn, and others may wait for it.
  bool leave(const Taken& taken);

  struct Turn {
    std::string asking;        ///< The visit that may.
    int out = 0;               ///< Its requests.
    std::uint64_t number = 0;  ///< What was sent in one before counts no more.
  };
  struct State {
    bool is_silent = false;
    std::optional<Time> answered_at;
    std::set<std::string> hanging;         ///< Parts that kept a request waiting in vain since one of them answered.
    std::map<std::string, Time> answered;  ///< Parts that did, and did not hang since: when last.
    std::map<SilenceRow, Turn> turns;
  };
  /// Absent: it needs no turn.
  static std::optional<SilenceRow> row_of(const State& state, const std::string& part);
  static bool has_turn(const Turn& turn, const std::string& visit) { return turn.out == 0 || turn.asking == visit; }
  std::unexpected<Error> put_off(SilenceRow row, const std::string& visit);
  static void note_hanging(State& state, const std::string& part);
  static void note_answered(State& state, const std::string& part, Time now);
  const std::string host_;
  const Hands hands_;
  runtime::Guarded<State> state_;
};

}  // namespace slipway::registry

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "controller/cluster/lease_store.h"
#include "controller/cluster/membership.h"
#include "controller/runtime/system_clock.h"
#include "controller/telemetry/log.h"
#include "crds/base/result.h"
#include "reconcilers/ports/clock.h"

namespace slipway::cluster {

/// Shares the work with the other replicas of its group: each key has one replica that works on it, no two at a time
/// (docs/decisions/0007-shards.md says how, and why that is safe). Thread-safe.
///
/// Before run() nothing is owned. A replica shall run it only when it is able to work (its caches are whole), because
/// the others leave it its share. At the end: stop all work, then release().
class Shards {
 public:
  /// Tells for a shard key whether it is owned now and was not before.
  using Gained = std::function<bool(std::string_view shard_key)>;
  /// Called on a thread of run(), one call at a time, whenever there may be such keys: what has one is to be looked at.
  /// Changes of objects that came while their key was not owned were for another replica, or for now. Shall not wait.
  using Changed = std::function<void(const Gained&)>;

  /// What shows this replica the objects that it works on.
  struct Sight {
    /// Called on a thread of run() when the API server answers again after the own lease was over: what waits for its
    /// answers since before that may wait in vain. Shall not wait.
    std::function<void()> begin_anew;
    /// Whether it shows the world of before that. Thread-safe. As long as it does and there are others, they have the
    /// share.
    std::function<bool()> is_behind;
  };

  struct Hands {
    LeaseStore& leases;
    const Clock& clock;                  ///< For the times that people read in the Lease; no decision depends on it.
    const runtime::SteadyClock& steady;  ///< One that counts the time in which the machine sleeps (runtime::BootClock).
    telemetry::Log& log;
    /// Why this replica can't do its work though it has a lease; asked once a round, on a thread of run(). As long as
    /// it can't and there are others, they have its share, and also once no answer came for as long as the lease gives
    /// authority. Null: it always can.
    std::function<std::optional<Error>()> cannot_work{};
    std::optional<Sight> sight{};  ///< Absent: it sees everything.
  };
  /// What `hands` refers to outlives it.
  Shards(const MembershipOptions& options, const Hands& hands, Changed changed);
  ~Shards();
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;

  /// Whether this replica may work on what has that shard key, now. False as soon as its own lease may be over, and
  /// as long as work is going on whose shard was lost meanwhile.
  bool owns(std::string_view shard_key) const;

  static constexpr std::uint64_t kAlone = 0;
  /// Work on what has one shard key; for as long as it lives no other replica is given the shard, unless this one's
  /// lease ends (because it was paused, or the API server was away).
  class Work {
   public:
    virtual ~Work() = default;
    /// Asks when the shard is lost, and when whoever began it asks.
    virtual std::stop_token stop_token() const = 0;
    virtual bool is_lost() const = 0;
    /// Grows whenever shards may have come here from another replica; kAlone while there never was one.
    virtual std::uint64_t era() const = 0;
  };
  /// Null when the shard is not owned.
  std::unique_ptr<Work> begin(const std::string& shard_key, std::stop_token stop);

  /// Stops the work of a lease that has ended, until `stop` asks: beside run(), and begun before it, on a thread of its
  /// own, because a renewal may hang while the lease ends.
  void watch(const std::stop_token& stop);
  /// Keeps the lease and follows the others until `stop` asks. On two threads at once no renewal waits for a list; on
  /// one alone the lease is over again and again where an API server takes a third of its authority for each answer.
  void run(const std::stop_token& stop);
  /// Gives all shards back at once: the others need not wait for the lease to end. After run() has ended, when no work
  /// is going on any more; with work left it does nothing, and the lease runs out. Takes at most `longest`.
  Result<void> release(std::chrono::milliseconds longest, const std::stop_token& stop);

  /// Why this replica can't work now, for /readyz: it has no lease of its own, left its share to others, or can't see
  /// the others. Absent while it has one and sees them, whichever keys that gives. Never a reason to start the process
  /// anew: it comes back by itself.
  std::optional<Error> failure() const;

  struct Standing {
    bool holds_lease = false;
    std::size_t members = 0;  ///< Among whom the keys are shared, as this replica sees it; 0 if it has no share.
    bool operator==(const Standing&) const = default;
  };
  /// For metrics.
  Standing standing() const;

  /// What run() does, a step at a time: does what is due, and says when something is due again. Thread-safe.
  /// For tests.
  runtime::SteadyClock::Time step(const std::stop_token& stop);
  /// What watch() does, once; when the present lease will be over.
  runtime::SteadyClock::Time expire();

 private:
  class HeldWork;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::cluster

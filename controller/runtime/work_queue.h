#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/runtime/backoff.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/queued_keys.h"
#include "controller/runtime/system_clock.h"
#include "controller/runtime/work_watcher.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway::runtime {

/// What the queue looks like now, of one kind.
struct QueueStatistics {
  std::size_t depth = 0;    ///< Keys that are due and wait for a worker.
  std::size_t delayed = 0;  ///< Keys that are due later.
  std::size_t running = 0;
  std::chrono::nanoseconds unfinished{};       ///< Summed age of what runs.
  std::chrono::nanoseconds longest_running{};  ///< Age of the oldest that runs.
  bool operator==(const QueueStatistics&) const = default;
};

/// Who takes a key: a worker, or who stands beside them and takes nothing but what is being deleted.
enum class Taker { Worker, OfDeletions };

/// Keys to reconcile, each once, now or later, with the semantics of controller-runtime's queue.
///
///   key is            add()                                  add_after(d)
///   unknown           due now                                due in d
///   due               stays; a higher priority lifts it      stays
///   delayed           due now                                the earlier time wins
///   with a worker     due again once done() is called        due in d, not before done()
///
/// Each key has a growing delay of its own, from failure to failure in a row; an Edit begins a new row: what failed was
/// another spec, or something else that it needs.
///
/// What comes back by itself is a Resync, but what was taken as Edit or Unready and is tried again: it is Unready for
/// the first six failures in a row, half a minute of delays, so that what fails for good stands before no look. What is
/// put off was not tried, and comes back as what it was taken as. What is being deleted is a Deletion, whoever asks and
/// however it comes back: these last for minutes, and their delays grow.
///
/// A free worker goes to the namespace with the fewest keys at workers; among its due keys, and those of namespaces
/// with as few, the highest priority comes first, then who has been due longer. A namespace or a host that has its
/// share of the workers (see WorkerShares; in any state but gone a key counts as known) gets none. So namespaces in
/// which every visit hangs leave a worker to who comes next, also to one that comes new: of eight, two take 4 and 3,
/// and one 7; and a registry at which every visit hangs leaves half of the workers to the others. Who takes Deletions
/// alone is beside all shares: it goes to the namespace of which it has taken the fewest since it found none.
/// Thread-safe; nothing is called under its lock.
class WorkQueue {
 public:
  struct Options {
    BackoffLimits backoff;
    std::uint64_t seed = 0;   ///< Of the jitter.
    std::size_t workers = 0;  ///< Who take any key; 0: nobody knows, and nobody has a share.
    /// The registry host that a key goes to, asked whenever it is added; empty where that is not known, null: nowhere.
    /// Shall not wait.
    std::function<std::string(const ObjectKey&)> host_of = nullptr;
    /// Whether it is being deleted, asked as `host_of` is; null: nothing is.
    std::function<bool(const ObjectKey&)> is_deleted = nullptr;
  };

  /// `clock` and `watcher` outlive the queue.
  WorkQueue(const SteadyClock& clock, WorkWatcher& watcher, const Options& options);

  void add(const ObjectKey& key, Priority priority);
  void add_after(const ObjectKey& key, std::chrono::milliseconds delay);
  /// As add_after(), with the jitter of retry(): of many that come at once. It stays what it was taken as.
  void put_off(const ObjectKey& key, std::chrono::milliseconds delay);
  /// As add_after() with the delay spread by chance (see spread()): for looks that nothing but time asks for.
  void look_again(const ObjectKey& key, std::chrono::milliseconds delay);
  /// As add_after() with the key's growing delay, at least `floor`. Counts as one more failure in a row.
  void retry(const ObjectKey& key, std::optional<std::chrono::milliseconds> floor);
  /// Forgets the failures of the key, as an Edit does: the next retry() starts from the first delay.
  void forget(const ObjectKey& key);

  /// The next due key, now with the caller until done(). Waits; absent when `stop` asks or the queue is shut down.
  std::optional<ObjectKey> take(std::stop_token stop, Taker taker = Taker::Worker);
  /// As take(), without waiting.
  std::optional<ObjectKey> try_take(Taker taker = Taker::Worker);
  /// Gives back a key that was taken; it is due again if somebody added it meanwhile.
  void done(const ObjectKey& key);

  /// No key is given out any more, adds are ignored, waiting take()s return. done() still works.
  void shut_down();
  /// shut_down(), then waits until no key is with a worker, at most that long.
  void drain(std::chrono::milliseconds longest);

  std::map<ResourceKind, QueueStatistics> statistics() const;
  /// No key is due and none is with a worker; delayed keys may be there.
  bool is_idle() const;
  /// Since when the oldest key is due or with a worker; absent when none is.
  std::optional<SteadyClock::Time> oldest_work() const;

 private:
  using Time = SteadyClock::Time;
  struct State {
    DueKeys due;
    DelayedKeys delayed;
    struct Running {
      Time since;
      std::optional<Lane> lane;  ///< Absent where it counts for no share.
      Priority taken;
      Priority kept = Priority::Resync;  ///< Whoever asks for it before done().
    };
    std::map<ObjectKey, Running> running;
    std::map<ObjectKey, Priority> again;  ///< Added while with a worker.
    std::map<ObjectKey, unsigned> failures;
    LaneCounts running_in;
    std::map<std::string, std::size_t> deletions;  ///< Taken of each namespace by who takes them alone.
    KeyHosts hosts;                                ///< Of those due, delayed or running.
    bool is_shut_down = false;
    std::mt19937_64 random;
  };
  struct Next {
    std::optional<ObjectKey> key;
    std::chrono::nanoseconds waited{};
    std::vector<ObjectKey> promoted;  ///< Delayed keys that became due.
  };

  void add_at_least(const ObjectKey& key, Priority priority, Priority least);
  /// It comes back as that at least, also where it was asked for meanwhile.
  static Priority keep(State::Running& run, Priority priority);
  static double roll(State& state);
  static bool make_due(State& state, const ObjectKey& key, Priority asked, Priority kept, Time since);
  static std::vector<ObjectKey> promote_delayed(State& state, Time now);
  Next pop(State& state, Time now, Taker taker) const;
  std::optional<DueKeys::Due> first_free(const State& state, Taker taker) const;
  static std::optional<Time> next_delayed(const State& state);
  std::optional<ObjectKey> announce(const Next& next);
  void come_back(const ObjectKey& key, std::chrono::milliseconds delay, Priority priority);
  std::string host_of(const ObjectKey& key) const { return host_of_ ? host_of_(key) : std::string(); }
  /// The lowest that it may have now.
  Priority least_of(const ObjectKey& key) const;

  const SteadyClock& clock_;
  WorkWatcher& watcher_;
  const BackoffLimits backoff_;
  const std::size_t workers_;
  const std::function<std::string(const ObjectKey&)> host_of_;
  const std::function<bool(const ObjectKey&)> is_deleted_;
  std::condition_variable_any changed_;
  Guarded<State> state_;
};

}  // namespace slipway::runtime

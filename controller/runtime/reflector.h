#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/runtime/backoff.h"
#include "controller/runtime/collection_reader.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/object_cache.h"

namespace slipway::runtime {

/// What happened to a reflector, for logs, metrics and health. All may be null; called on its thread.
struct ReflectorWatcher {
  std::function<void(std::size_t objects)> listed;
  /// A watch began, the first one since a list failed or a watch could not begin.
  std::function<void()> recovered;
  /// What went wrong, and after how long it is tried again.
  std::function<void(const Error&, std::chrono::milliseconds)> failed;
  /// An object that could not be kept and was passed over.
  std::function<void(const Error&)> unreadable;
};

struct ReflectorOptions {
  BackoffLimits backoff{.first = std::chrono::milliseconds{100}, .longest = std::chrono::seconds{30}, .jitter = 0.5};
  std::chrono::seconds shortest_watch{300};  ///< Asked of the server; each one is up to twice as long, by chance.
  unsigned most_resumes = 10;                ///< Watches in a row that came to nothing, before it lists again.
};

/// What the world gives a reflector, so that tests need none.
struct ReflectorHands {
  /// Waits. False when it ended early, because `stop` asks.
  std::function<bool(std::chrono::milliseconds, std::stop_token)> wait;
  /// A number in [0, 1).
  std::function<double()> chance;
  /// Time since some fixed moment; never goes back.
  std::function<std::chrono::nanoseconds()> elapsed;
  /// The server's outages, as somebody knows who sees all requests to it.
  struct Outages {
    /// How many have ended.
    std::function<std::uint64_t()> ended;
    /// As wait() above, and ends early, too, once more have ended than those `seen`.
    std::function<bool(std::chrono::milliseconds, std::uint64_t seen, std::stop_token)> wait;
  };
  std::optional<Outages> outages{};  ///< Absent: nobody knows.
};

/// Keeps the objects of one kind like those of the API server, by list and watch, and tells which keys changed.
///
///   state      what came                              what follows
///   Listing    a page with more behind it             the next page
///              the last page                          what was not listed is gone; Watching from the list's version
///              the last page, of a store put back     at once once more, where its earlier versions count
///              Expired on a later page                once more from the start, in one answer
///              any other error                        back-off (Retry-After as floor), once more from the start
///   Watching   before each watch but a list's first:
///              the server is at a lower version       Listing: its store was put back to a backup
///              it can't say at which                  as a watch that can't begin
///              an event                               kept and told; its version is where to go on from
///              a bookmark                             its version is where to go on from
///              the end, after an event or 10 s        watch on from the version, at once
///              a cut, 429, 5xx, or the end before     back-off, watch on from the version
///              Expired                                Listing (a short back-off when it came to nothing before)
///              any other error, or too many in a row  back-off, Listing
///   both       begin_anew()                           ended, and within a second the same again
///
/// The API server takes a version of the future, and keeps such a watch open and silent: so it is asked before. Whoever
/// puts its store back starts it anew, so that every watch ends then.
///
/// The back-off grows until a watch brings an event or lasts 10 s, or an outage has ended: a list that goes well is no
/// reason to hurry. Who waits then goes on within a second, but never before Retry-After is over, and what fails next
/// is the first failure again, whoever's request it was that told of the end.
/// No change is missed: the version moves only with what was kept. None is told twice: what has the version that is
/// kept is no news. Changes are told after the store has them, without a lock, on the thread that runs it.
class Reflector {
 public:
  using ChangeTaker = std::function<void(const Change&)>;
  struct Parts {
    CollectionReader& collection;
    ReflectedObjects& objects;
    ChangeTaker changed;
    ReflectorWatcher watcher;
  };

  /// `parts` and what they refer to outlive it.
  Reflector(Parts parts, ReflectorHands hands, ReflectorOptions options = {});

  /// Until `stop` asks. One thread.
  void run(const std::stop_token& stop);
  /// One list (all its pages), or one watch, and the wait after it; for tests.
  void step(const std::stop_token& stop);
  /// For whoever knows that what is under way may wait in vain, as for the answers of a connection that was forgotten
  /// somewhere in between. Thread-safe.
  void begin_anew();
  /// No watch began and no list came to its end that was asked for after the last begin_anew(). Thread-safe.
  bool is_behind() const;

  /// The first list is whole and told of; stays so. Thread-safe.
  bool has_synced() const { return has_synced_; }
  /// The last list failed, or the last watch did not begin, whatever a list brought since; one that began and is cut is
  /// no failure before the next one can't begin. Thread-safe.
  bool is_failing() const { return is_failing_; }

 private:
  enum class State { Listing, Watching };
  /// What list() and watch() are to do.
  struct Round {
    std::stop_token stop;      ///< Asks when it is to be ended.
    std::stop_token for_good;  ///< Asks when nothing is to follow.
    std::uint64_t number;      ///< How often it had been begun anew by then.
  };
  struct Rounds {
    std::stop_source latest{std::nostopstate};
    std::uint64_t asked_for = 0;
    std::uint64_t answered = 0;
  };

  void list(const Round& round);
  void watch(const Round& round);
  void ended_early(const Round& round);
  void answered(const Round& round);
  Result<bool> is_ahead_of_server(const std::stop_token& stop);
  void not_watched(const Error& error, bool has_begun, bool was_good, const std::stop_token& stop);
  Result<std::string> list_pages(PageRequest request, const std::stop_token& stop);
  Result<void> take_event(WatchEventType type, const Node& object);
  bool passes_over(const ObjectVersion& object);
  std::chrono::seconds watch_time() const;
  void tell(const Result<std::vector<Change>>& changes);
  void begun(const Round& round);
  void failed(const Error& error);
  void back_off(const Error& error, const std::stop_token& stop);
  void pause(std::chrono::milliseconds delay, std::chrono::milliseconds at_least, const std::stop_token& stop);
  std::chrono::milliseconds spread() const;

  const Parts parts_;
  const ReflectorHands hands_;
  const ReflectorOptions options_;
  State state_ = State::Listing;
  std::string version_;
  bool is_of_list_ = false;  ///< That version: no watch was asked for from it.
  bool list_whole_ = false;
  bool takes_earlier_ = false;  ///< The next list: the store was put back to a backup.
  unsigned failures_ = 0;
  std::uint64_t ended_outages_ = 0;  ///< As of the last back-off.
  unsigned resumes_ = 0;
  std::uint64_t events_ = 0;  ///< Of the watch that runs.
  bool watch_refused_ = false;
  bool has_watched_ = false;  ///< A watch came to something since the list.
  bool has_failed_ = false;   ///< Since a watch began.
  std::atomic<bool> has_synced_ = false;
  std::atomic<bool> is_failing_ = false;
  Guarded<Rounds> rounds_;
};

}  // namespace slipway::runtime

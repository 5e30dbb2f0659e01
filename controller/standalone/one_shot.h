#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/runtime/work_watcher.h"
#include "controller/standalone/installation.h"
#include "crds/v1alpha1/image_publication.h"

namespace slipway::standalone {

/// How the one shot at a publication ended.
struct Ending {
  enum class Kind {
    Published,
    Suspended,   ///< spec.suspend is true: nothing was tried.
    Deleted,     ///< It was deleted, and is gone: its tags are removed or stay, as its events tell.
    Failed,      ///< `failure` says why; trying longer does not help, or its time is up.
    Unfinished,  ///< Stopped, or out of time, while it was tried.
  };
  Kind kind = Kind::Unfinished;
  std::optional<Error> failure;  ///< Of Failed; of Unfinished what was in the way last, when something was.
  bool is_told = false;          ///< on_delay was told the failure last.
  std::string waited_for{};      ///< Of Unfinished: the hosts that had not answered.
  bool operator==(const Ending&) const = default;
};

/// What a visit that ended with `outcome` makes of the publication as it is stored now; absent: it is still tried.
/// Pure.
std::optional<Ending> ending_of(const ImagePublication& publication, const Outcome& outcome);

/// That of what is tried again and has no time left for it, or less than it would wait. Absent: it has. Pure.
std::optional<Ending> ending_of_time(const ImagePublication& publication, const Outcome& outcome, Timestamp started,
                                     Timestamp now);

/// Whether the visit left it waiting for a report that may still come. Pure.
bool is_awaited(const ImagePublication& publication, const Outcome& outcome);

/// How long a publication that is_awaited() or that is tried again still is, by its own bounds. `started`: the process.
/// Pure.
std::chrono::seconds time_left(const ImagePublication& publication, const Outcome& outcome, Timestamp started,
                               Timestamp now);

/// What keeps a publication from being published yet.
struct Delay {
  Error error;
  std::chrono::seconds left{};  ///< How long it is still tried.
  bool is_told = false;         ///< The same error was told before.
};

struct OneShotOptions {
  std::size_t workers = 8;
  std::optional<std::chrono::seconds> timeout;
  /// Told once for each publication that ended, from the thread that worked on it.
  std::function<void(const ObjectKey&, const Ending&)> on_end;
  /// Told what keeps a publication that is tried again or waits for a report, each time that it is something else, and
  /// now and then that it is still the same.
  std::function<void(const ObjectKey&, const Delay&)> on_delay;
};

/// Publishes each of `keys` until it is ready or can't become so, `stop` asks, or the time is up.
std::map<ObjectKey, Ending> publish_once(Installation& installation, runtime::WorkWatcher& watcher,
                                         const std::vector<ObjectKey>& keys, const OneShotOptions& options,
                                         std::stop_token stop);

}  // namespace slipway::standalone

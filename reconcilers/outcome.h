#pragma once

#include <chrono>
#include <optional>

#include "crds/base/result.h"
#include "crds/base/time.h"

namespace slipway {

/// What follows a reconcile: the queue's only instruction.
struct Outcome {
  enum class Kind {
    Done,     ///< Nothing until something changes.
    Again,    ///< After `delay`; not a failure.
    Retry,    ///< With the queue's growing delay, not before `delay` when it is set.
    Stalled,  ///< Retrying can't help; looked at again after `delay`, cheaply.
  };
  Kind kind = Kind::Done;
  std::optional<std::chrono::milliseconds> delay;
  bool operator==(const Outcome&) const = default;
};

/// What the plan itself sets as bounds.
struct Deadlines {
  Timestamp attempt_started_at;
  std::optional<std::chrono::seconds> retry_for;  ///< `retry.maxDuration`; absent: for ever.
  std::optional<std::chrono::seconds> wait_for;   ///< `gates.scan.waitFor`.
  std::chrono::seconds interval{3600};
};

/// The one function from error class to what follows, for every kind. Pure.
Outcome outcome_of(const Error& error, const Deadlines& deadlines, Timestamp now);

}  // namespace slipway

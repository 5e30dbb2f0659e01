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
    PutOff,   ///< Nothing was tried, because others come first: when it is its turn, within `delay`. Not a failure.
    Stalled,  ///< Retrying can't help; looked at again after `delay`, cheaply.
  };
  Kind kind = Kind::Done;
  std::optional<std::chrono::milliseconds> delay;
  bool operator==(const Outcome&) const = default;
};

/// What the plan itself sets as bounds.
struct Deadlines {
  Timestamp attempt_started_at;
  std::optional<std::chrono::seconds> retry_for = std::nullopt;  ///< `retry.maxDuration`; absent: for ever.
  std::optional<std::chrono::seconds> wait_for = std::nullopt;   ///< `gates.scan.waitFor`.
  std::chrono::seconds interval{3600};
  std::optional<Timestamp> untrusted_since = std::nullopt;  ///< Since when it meets a host that is not trusted.
};

/// How often an object is looked at: as it asks, `otherwise` when it doesn't say, never more than once a second.
std::chrono::seconds interval_of(const std::optional<std::chrono::seconds>& asked, std::chrono::seconds otherwise);

/// The one function from error class to what follows, for every kind. Pure.
///
///   class                              follows
///   Cancelled                          Done: we are stopping, the next process goes on
///   Throttled, Unavailable             Retry, not before retry_after (see below)
///   Unavailable, HostSilent            PutOff: whoever knows the host wakes it; within 5 minutes all the same
///   QuotaExceeded                      Retry, not before retry_after, else interval
///   Internal                           Retry, not before interval (late: it is a bug)
///   NotFound that is waited for        Again until attempt_started_at + wait_for, then Stalled
///   (reason AwaitingReport or
///   PlatformNotCovered, wait_for set)
///   Refused, CertificateNotTrusted     Stalled, looked at again after 60 s, growing to 5 minutes: it is mended at the
///   or AnsweredInClear                 other end, and nobody tells us
///   every other                        Stalled until the spec, credentials, a permission or a report change
///
/// What is retried after attempt_started_at + retry_for is Again after `interval`: the controller goes on slowly
/// (one-shot `publish` ends there). A retry_after counts for no longer than `interval`, or 5 minutes where that is
/// shorter: no answer keeps an object from being looked at when its owner asked for that. Stalled is looked at after
/// `interval`, or a Forbidden's retry_after (60 s or more).
Outcome outcome_of(const Error& error, const Deadlines& deadlines, Timestamp now);

/// What follows when the status was to be written last: `outcome` if it was. Else it is tried again, a right to write
/// that is missing included, because nothing tells when it is there; what can't be stored (Internal, Invalid), or was
/// stopped, follows its class.
Outcome after_write(const Result<void>& written, const Outcome& outcome, Timestamp now);

}  // namespace slipway

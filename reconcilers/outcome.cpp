#include "reconcilers/outcome.h"

#include <algorithm>

#include "reconcilers/reasons.h"
#include "reconcilers/untrusted_host.h"

namespace slipway {

namespace {

using Kind = Outcome::Kind;
using std::chrono::milliseconds;

bool is_waited_for(const Error& error) {
  return error.cls == ErrorClass::NotFound &&
         (error.reason == reason::kAwaitingReport || error.reason == reason::kPlatformNotCovered);
}

Outcome stalled(const Deadlines& deadlines) {
  return {.kind = Kind::Stalled, .delay = deadlines.interval};
}

/// What somebody mends who tells us nothing of it: sooner than at the interval, but not at once.
Outcome stalled_for(std::chrono::seconds delay, const Deadlines& deadlines) {
  constexpr std::chrono::seconds kSoonest{60};
  return {.kind = Kind::Stalled, .delay = std::min(deadlines.interval, std::max(delay, kSoonest))};
}

/// A right may come back at any moment; who refused says when to ask again.
Outcome forbidden(const Error& error, const Deadlines& deadlines) {
  return error.retry_after ? stalled_for(*error.retry_after, deadlines) : stalled(deadlines);
}

/// As long as it was so already, within bounds.
Outcome untrusted(const Deadlines& deadlines, Timestamp now) {
  constexpr std::chrono::seconds kLatest = std::chrono::minutes{5};
  const auto so_far = std::chrono::floor<std::chrono::seconds>(now - deadlines.untrusted_since.value_or(now));
  return stalled_for(std::min(so_far, kLatest), deadlines);
}

/// Until the wait is over; a report that arrives earlier wakes the object by itself.
Outcome wait(const Deadlines& deadlines, Timestamp now) {
  if (!deadlines.wait_for) return stalled(deadlines);
  const Timestamp end = deadlines.attempt_started_at + *deadlines.wait_for;
  if (now >= end) return stalled(deadlines);
  return {.kind = Kind::Again, .delay = std::min<milliseconds>(end - now, deadlines.interval)};
}

/// Within 5 minutes it would be tried again without anybody's word.
std::optional<milliseconds> asked_wait(const Error& error, const Deadlines& deadlines) {
  constexpr std::chrono::seconds kAlwaysKept = std::chrono::minutes{5};
  if (!error.retry_after) return std::nullopt;
  return std::min(*error.retry_after, std::max(deadlines.interval, kAlwaysKept));
}

Outcome retry(std::optional<milliseconds> at_least, const Deadlines& deadlines, Timestamp now) {
  const bool used_up = deadlines.retry_for && now >= deadlines.attempt_started_at + *deadlines.retry_for;
  if (!used_up) return {.kind = Kind::Retry, .delay = at_least};
  return {.kind = Kind::Again, .delay = std::max<milliseconds>(deadlines.interval, at_least.value_or(milliseconds{0}))};
}

Outcome put_off() {
  return {.kind = Kind::PutOff, .delay = std::chrono::minutes{5}};
}

}  // namespace

Outcome outcome_of(const Error& error, const Deadlines& deadlines, Timestamp now) {
  switch (error.cls) {
    case ErrorClass::Cancelled:
      return {.kind = Kind::Done, .delay = std::nullopt};
    case ErrorClass::Unavailable:
      if (error.reason == reason::kHostSilent) return put_off();
      [[fallthrough]];
    case ErrorClass::Throttled:
      return retry(asked_wait(error, deadlines), deadlines, now);
    case ErrorClass::QuotaExceeded:
      return retry(asked_wait(error, deadlines).value_or(deadlines.interval), deadlines, now);
    case ErrorClass::Internal:
      return retry(deadlines.interval, deadlines, now);
    case ErrorClass::NotFound:
      return is_waited_for(error) ? wait(deadlines, now) : stalled(deadlines);
    case ErrorClass::Forbidden:
      return forbidden(error, deadlines);
    case ErrorClass::Invalid:
    case ErrorClass::Conflict:
    case ErrorClass::Unauthorized:
    case ErrorClass::Integrity:
      return stalled(deadlines);
    case ErrorClass::Refused:
      return is_about_trust(error.reason) ? untrusted(deadlines, now) : stalled(deadlines);
  }
  return stalled(deadlines);
}

std::chrono::seconds interval_of(const std::optional<std::chrono::seconds>& asked, std::chrono::seconds otherwise) {
  constexpr std::chrono::seconds kShortest{1};
  return std::max(asked.value_or(otherwise), kShortest);
}

Outcome after_write(const Result<void>& written, const Outcome& outcome, Timestamp now) {
  if (written) return outcome;
  const ErrorClass cls = written.error().cls;
  const bool is_bug = cls == ErrorClass::Internal || cls == ErrorClass::Invalid;
  if (is_bug || cls == ErrorClass::Cancelled) return outcome_of(written.error(), {.attempt_started_at = now}, now);
  return {.kind = Kind::Retry, .delay = written.error().retry_after};
}

}  // namespace slipway

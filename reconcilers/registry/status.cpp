#include "reconcilers/registry/status.h"

#include <optional>

#include "crds/base/text.h"
#include "crds/v1alpha1/support.h"
#include "reconcilers/observed.h"
#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"

namespace slipway::registry {

namespace {

/// Saying when it was looked at is no reason for a write of its own more often than that.
constexpr std::chrono::hours kToldAgainAfter{1};
constexpr std::size_t kLongestIdentity = 1024;

void set_or_remove(Conditions& conditions, std::string_view type, const std::optional<Condition>& wanted) {
  if (wanted)
    set_condition(conditions, *wanted);
  else
    remove_condition(conditions, type);
}

std::optional<Condition> reachable(const ContainerRegistry& object, const Observation& seen,
                                   const ConditionStamp& stamp) {
  if (seen.end == SignIn::End::Answered)
    return make_condition(kReachable, true, reason::kAnswered, object.spec.login_server + " answers", stamp);
  if (seen.end != SignIn::End::NoAnswer) return std::nullopt;
  const Error& error = seen.identity.error();
  return make_condition(kReachable, false, reason_of(error), to_text(error), stamp);
}

bool is_about_credentials(const Observation& seen) {
  const ErrorClass cls = seen.identity.error().cls;
  if (seen.end == SignIn::End::NoCredentials) return cls != ErrorClass::Unavailable;
  return seen.end == SignIn::End::Answered && (cls == ErrorClass::Unauthorized || cls == ErrorClass::Forbidden);
}

std::optional<Condition> authenticated(const Observation& seen, const ConditionStamp& stamp) {
  if (seen.identity)
    return make_condition(kAuthenticated, true, reason::kSignedIn, "signed in as " + *seen.identity, stamp);
  if (!is_about_credentials(seen)) return std::nullopt;
  const Error& error = seen.identity.error();
  return make_condition(kAuthenticated, false, reason_of(error), to_text(error), stamp);
}

std::optional<Condition> unsupported_of(const ContainerRegistry& object, const ConditionStamp& stamp) {
  const std::string fields = unsupported_observers(unsupported(object));
  if (fields.empty()) return std::nullopt;
  return make_condition(kUnsupported, true, reason::kNotSupported, fields, stamp);
}

Outcome outcome_for(const ContainerRegistry& object, const Observation& seen, Timestamp now) {
  const Deadlines deadlines{.attempt_started_at = now,
                            .retry_for = std::nullopt,
                            .wait_for = std::nullopt,
                            .interval = interval_of(object.spec.interval, kDefaultInterval),
                            .untrusted_since = untrusted_since(object.status.conditions)};
  if (!seen.identity) return outcome_of(seen.identity.error(), deadlines, now);
  return {.kind = Outcome::Kind::Again, .delay = deadlines.interval};
}

Readiness readiness_for(const ContainerRegistry& object, const Observation& seen, const Outcome& outcome) {
  if (!seen.identity) return readiness_of(seen.identity.error(), outcome);
  return {.kind = Readiness::Kind::Ready,
          .reason = std::string(reason::kSucceeded),
          .message = object.spec.login_server + " answers, signed in as " + *seen.identity};
}

}  // namespace

Judgement judge(const ContainerRegistry& object, const Observation& seen, Timestamp now) {
  const ConditionStamp stamp{.generation = object.metadata.generation, .now = now};
  ContainerRegistry next = object;
  mark_observed(next);
  Judgement out{.status = std::move(next.status), .outcome = outcome_for(object, seen, now)};
  Conditions& conditions = out.status.conditions;
  set_or_remove(conditions, kReachable, reachable(object, seen, stamp));
  set_or_remove(conditions, kAuthenticated, authenticated(seen, stamp));
  set_or_remove(conditions, kUnsupported, unsupported_of(object, stamp));
  apply_readiness(conditions, readiness_for(object, seen, out.outcome), stamp);
  out.status.identity = beginning_of(seen.identity.value_or(""), kLongestIdentity);
  const auto& last = object.status.last_checked_at;
  const bool is_old = !last || *last > now || now - *last >= kToldAgainAfter;
  if (out.status != object.status || is_old) out.status.last_checked_at = now;
  return out;
}

}  // namespace slipway::registry

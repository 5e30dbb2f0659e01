#include "reconcilers/readiness.h"

#include <utility>

#include "crds/base/text.h"
#include "reconcilers/reasons.h"
#include "reconcilers/untrusted_host.h"

namespace slipway {

namespace {

Readiness::Kind kind_of(const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::Stalled ? Readiness::Kind::Stalled : Readiness::Kind::Reconciling;
}

void set_or_remove(Conditions& conditions, std::string_view type, bool present, const Readiness& readiness,
                   const ConditionStamp& stamp) {
  if (present)
    set_condition(conditions, make_condition(type, true, readiness.reason, readiness.message, stamp));
  else
    remove_condition(conditions, type);
}

}  // namespace

Condition make_condition(std::string_view type, bool status, std::string_view reason, std::string message,
                         const ConditionStamp& stamp) {
  return {.type = std::string(type),
          .status = status ? "True" : "False",
          .observed_generation = stamp.generation,
          .last_transition_time = stamp.now,
          .reason = std::string(reason),
          .message = beginning_of(std::move(message), kLongestMessage)};
}

bool is_unready(const Conditions& conditions) {
  const Condition* ready = find_condition(conditions, kReady);
  return ready != nullptr && ready->status != "True";
}

std::string reason_of(const Error& error) {
  return error.reason.empty() ? std::string(to_string(error.cls)) : error.reason;
}

std::string to_text(const Error& error) {
  return error.remedy.empty() ? error.message : error.message + ": " + error.remedy;
}

std::optional<Timestamp> untrusted_since(const Conditions& conditions) {
  const Condition* stalled = find_condition(conditions, kStalled);
  if (stalled == nullptr || !is_about_trust(stalled->reason)) return std::nullopt;
  return stalled->last_transition_time;
}

Readiness readiness_of(const Error& error, const Outcome& outcome) {
  return {.kind = kind_of(outcome), .reason = reason_of(error), .message = to_text(error)};
}

void apply_readiness(Conditions& conditions, const Readiness& readiness, const ConditionStamp& stamp) {
  const bool ready = readiness.kind == Readiness::Kind::Ready;
  set_condition(conditions, make_condition(kReady, ready, readiness.reason, readiness.message, stamp));
  set_or_remove(conditions, kReconciling, readiness.kind == Readiness::Kind::Reconciling, readiness, stamp);
  set_or_remove(conditions, kStalled, readiness.kind == Readiness::Kind::Stalled, readiness, stamp);
}

void apply_progress(Conditions& conditions, std::string message, const ConditionStamp& stamp) {
  set_condition(conditions, make_condition(kReconciling, true, reason::kProgressing, std::move(message), stamp));
  remove_condition(conditions, kStalled);
}

void apply_suspension(Conditions& conditions) {
  const Condition* ready = find_condition(conditions, kReady);
  if (ready != nullptr && ready->status != "True") remove_condition(conditions, kReady);
  remove_condition(conditions, kReconciling);
  remove_condition(conditions, kStalled);
}

}  // namespace slipway

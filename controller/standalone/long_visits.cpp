#include "controller/standalone/long_visits.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "controller/runtime/waiting.h"
#include "controller/telemetry/log.h"
#include "reconcilers/readiness.h"

namespace slipway::standalone {

namespace {

std::string message_of(const std::set<std::string>& hosts) {
  std::string names;
  for (const auto& host : hosts) names += (names.empty() ? "" : ", ") + host;
  return names.empty() ? "at work on it" : "waiting for " + names;
}

bool is_shown(const Conditions& conditions, std::int64_t generation) {
  const Condition* shown = find_condition(conditions, kReconciling);
  return shown != nullptr && shown->status == "True" && shown->observed_generation == generation;
}

}  // namespace

void LongVisits::begin(const ObjectKey& key, std::string reconcile_id) {
  (*visits_.lock())[key] = {.due = hands_.steady.now() + kShownAfter, .reconcile_id = std::move(reconcile_id)};
}

void LongVisits::end(const ObjectKey& key) {
  const auto visits = visits_.lock();
  const auto ended = visits->extract(key);
  if (!ended || !ended.mapped().unmarked) return;
  // An edit that came meanwhile is a Conflict: its own visit takes the mark away.
  std::visit([this](const auto& object) { static_cast<void>(hands_.next.write_status(object)); },
             *ended.mapped().unmarked);
}

LongVisits::Time LongVisits::mark_due() {
  const auto visits = visits_.lock();
  const Time now = hands_.steady.now();
  Time next = now + kShownAfter;
  for (auto& [key, visit] : *visits) {
    if (visit.was_looked_at) continue;
    if (visit.due <= now)
      mark(key, visit);
    else
      next = std::min(next, visit.due);
  }
  return next;
}

void LongVisits::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto rest = mark_due() - hands_.steady.now();
    runtime::wait(std::chrono::ceil<std::chrono::milliseconds>(rest), stop);
  }
}

void LongVisits::mark(const ObjectKey& key, Visit& visit) {
  visit.was_looked_at = true;
  if (key.kind == ResourceKind::ImagePublication) {
    if (const auto found = hands_.reader.publication(key); found && *found) mark_object((*found)->object, visit);
  } else if (key.kind == ResourceKind::ContainerRegistry) {
    if (const auto found = hands_.reader.registry(key.name); found && *found) mark_object(**found, visit);
  } else if (const auto found = hands_.reader.retention_policy(key); found && *found) {
    mark_object(**found, visit);
  }
}

template <class T>
void LongVisits::mark_object(T object, Visit& visit) {
  if (is_shown(object.status.conditions, object.metadata.generation)) return;
  T before = object;
  apply_progress(object.status.conditions, message_of(hands_.hosts(visit.reconcile_id)),
                 {object.metadata.generation, hands_.clock.now()});
  if (hands_.next.write_status(object)) visit.unmarked = std::move(before);
}

template <class T>
Result<void> LongVisits::written(const T& object) {
  const auto visits = visits_.lock();
  auto result = hands_.next.write_status(object);
  if (const auto visit = visits->find(key_of(object)); result && visit != visits->end()) visit->second.unmarked.reset();
  return result;
}

Result<void> LongVisits::write_status(const ImagePublication& object) {
  return written(object);
}

Result<void> LongVisits::write_status(const ContainerRegistry& object) {
  return written(object);
}

Result<void> LongVisits::write_status(const RetentionPolicy& object) {
  return written(object);
}

Outcome WatchedReconciler::reconcile(const ObjectKey& key, std::stop_token stop) {
  struct Ended {
    LongVisits& visits;
    const ObjectKey& key;
    ~Ended() { visits.end(key); }
  };
  visits_.begin(key, telemetry::current_reconcile_id());
  const Ended ended{visits_, key};
  return next_.reconcile(key, std::move(stop));
}

}  // namespace slipway::standalone

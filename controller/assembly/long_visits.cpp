#include "controller/assembly/long_visits.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "controller/assembly/readiness_for_counts.h"
#include "controller/runtime/waiting.h"
#include "controller/telemetry/log.h"
#include "reconcilers/observed.h"
#include "reconcilers/readiness.h"

namespace slipway::assembly {

namespace {

using namespace std::chrono_literals;

/// How soon whoever is told of waits learns of one.
constexpr auto kBetweenLooks = 250ms;
constexpr const char* kWaitingFor = "waiting for ";

std::string in_one(const std::set<std::string>& hosts) {
  std::string names;
  for (const auto& host : hosts) names += (names.empty() ? "" : ", ") + host;
  return names;
}

std::string message_of(const std::string& hosts) {
  return hosts.empty() ? "at work on it" : kWaitingFor + hosts;
}

/// A wait that a visit left which was cut short is another one's.
bool is_shown(const Conditions& conditions, std::int64_t generation) {
  const Condition* shown = find_condition(conditions, kReconciling);
  return shown != nullptr && shown->status == "True" && shown->observed_generation == generation &&
         !shown->message.starts_with(kWaitingFor);
}

template <class T>
bool is_ready(const T& object) {
  const Condition* ready = find_condition(object.status.conditions, kReady);
  return ready != nullptr && ready->status == "True" && ready->observed_generation == object.metadata.generation;
}

/// By a process that ended, or an edit: it is gone on with.
template <class T>
bool has_open_attempt(const T& object) {
  if constexpr (requires { object.status.attempt; }) return object.status.attempt && !object.status.attempt->error;
  return false;
}

/// Whether all is said of it, and nobody waits for a visit that finds the same again.
template <class T>
bool has_last_word(const T& object) {
  if (object.metadata.deletion_timestamp || !is_observed(object) || has_open_attempt(object)) return false;
  if (find_condition(object.status.conditions, kReconciling) != nullptr) return false;
  return is_ready(object) || is_stalled(object);
}

}  // namespace

void LongVisits::begin(const ObjectKey& key, std::string reconcile_id) {
  const Time now = hands_.steady.now();
  (*visits_.lock())[key] = {.due = now + kShownAfter,
                            .moved_at = now,
                            .reconcile_id = std::move(reconcile_id),
                            .mark = std::make_shared<runtime::Guarded<Mark>>()};
}

/// The visit is marked no more; its mark, if it is not over yet.
std::shared_ptr<runtime::Guarded<LongVisits::Mark>> LongVisits::end(const ObjectKey& key) {
  const auto ended = visits_.lock()->extract(key);
  if (!ended) return nullptr;
  ended.mapped().mark->lock()->is_over = true;
  return ended.mapped().mark;
}

/// Of a visit that is over: nobody else writes for it.
Result<void> LongVisits::take_back(const Mark& mark, bool was_cut_short) {
  if (!mark.unmarked) return {};
  const auto write = [&](const auto& object) -> Result<void> {
    if (was_cut_short && !is_ready(object)) return {};
    auto written = hands_.next.write_status(object);
    // An edit came meanwhile: its own visit takes the mark away.
    if (!written && written.error().cls == ErrorClass::Conflict) return {};
    return written;
  };
  return std::visit(write, *mark.unmarked);
}

void LongVisits::moved(const ObjectKey& key) {
  const auto visits = visits_.lock();
  if (const auto visit = visits->find(key); visit != visits->end()) visit->second.moved_at = hands_.steady.now();
}

std::string LongVisits::hosts_of(const ObjectKey& key) const {
  const auto visits = visits_.lock();
  const auto visit = visits->find(key);
  if (visit == visits->end()) return "";
  const Time began = visit->second.due - kShownAfter;
  const bool moves = visit->second.moved_at > began && hands_.steady.now() - visit->second.moved_at < kShownAfter;
  return moves ? "" : in_one(hands_.hosts(visit->second.reconcile_id, Time::max()));
}

LongVisits::Time LongVisits::mark_due() {
  const Visits visits = *visits_.lock();
  const Time now = hands_.steady.now();
  Time next = now + kShownAfter;
  for (const auto& [key, visit] : visits) {
    if (visit.due > now) {
      next = std::min(next, visit.due);
      continue;
    }
    mark(key, visit);
    if (!hands_.tell) continue;
    tell(key, visit);
    next = std::min<Time>(next, now + kBetweenLooks);
  }
  return next;
}

void LongVisits::tell(const ObjectKey& key, const Visit& visit) {
  const Time now = hands_.steady.now();
  if (now - visit.moved_at < kShownAfter) return;
  const std::string hosts = in_one(hands_.hosts(visit.reconcile_id, now - kShownAfter));
  if (hosts.empty()) return;
  const auto told = told_.lock();
  const auto last = told->find(key);
  if (last != told->end() && last->second.hosts == hosts && now - last->second.at < kBetweenTellings) return;
  told->insert_or_assign(key, Told{hosts, now});
  hands_.tell(key, hosts);
}

void LongVisits::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto rest = mark_due() - hands_.steady.now();
    runtime::wait(std::chrono::ceil<std::chrono::milliseconds>(rest), stop);
  }
}

void LongVisits::mark(const ObjectKey& key, const Visit& visit) {
  const telemetry::ReconcileScope scope{visit.reconcile_id};
  const auto mark = visit.mark->lock();
  if (mark->is_over || mark->is_settled) return;
  if (key.kind == ResourceKind::ImagePublication) {
    if (auto found = hands_.publication(key)) mark_object(std::move(*found), visit.reconcile_id, *mark);
  } else if (key.kind == ResourceKind::ContainerRegistry) {
    if (const auto found = hands_.reader.registry(key.name); found && *found)
      mark_object(**found, visit.reconcile_id, *mark);
  } else if (const auto found = hands_.reader.retention_policy(key); found && *found) {
    mark_object(**found, visit.reconcile_id, *mark);
  }
}

template <class T>
void LongVisits::mark_object(T object, const std::string& reconcile_id, Mark& mark) {
  if (!mark.has_work && has_last_word(object)) return;
  mark.is_settled = true;
  if (is_shown(object.status.conditions, object.metadata.generation)) return;
  T before = object;
  apply_progress(object.status.conditions, message_of(in_one(hands_.hosts(reconcile_id, Time::max()))),
                 {object.metadata.generation, hands_.clock.now()});
  if (hands_.next.write_status(object)) mark.unmarked = std::move(before);
}

template <class T>
Result<void> LongVisits::written(const T& object) {
  std::shared_ptr<runtime::Guarded<Mark>> of_visit;
  bool is_long = false;
  {
    const auto visits = visits_.lock();
    if (const auto visit = visits->find(key_of(object)); visit != visits->end()) {
      of_visit = visit->second.mark;
      is_long = visit->second.due <= hands_.steady.now();
    }
  }
  if (of_visit == nullptr) return hands_.next.write_status(object);
  const auto mark = of_visit->lock();
  auto result = hands_.next.write_status(object);
  if (!result) return result;
  mark->unmarked.reset();
  // What is written after so long says itself that work goes on, or is the last word.
  (is_long ? mark->is_settled : mark->has_work) = true;
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

LongVisits::Open::Open(LongVisits& visits, const ObjectKey& key) : visits_(visits), key_(key) {
  visits_.begin(key_, telemetry::current_reconcile_id());
}

/// What was thrown goes past here: the mark stays, and the next visit writes over it.
LongVisits::Open::~Open() {
  visits_.end(key_);
}

Result<void> LongVisits::Open::close(bool was_cut_short) {
  const auto mark = visits_.end(key_);
  return mark ? visits_.take_back(*mark->lock(), was_cut_short) : Result<void>{};
}

Outcome WatchedReconciler::reconcile(const ObjectKey& key, std::stop_token stop) {
  LongVisits::Open open{visits_, key};
  const Outcome outcome = next_.reconcile(key, stop);
  return after_write(open.close(stop.stop_requested()), outcome, visits_.now());
}

}  // namespace slipway::assembly

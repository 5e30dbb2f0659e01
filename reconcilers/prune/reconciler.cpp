#include "reconcilers/prune/reconciler.h"

#include "reconcilers/observed.h"
#include "reconcilers/prune/status.h"
#include "reconcilers/reasons.h"

namespace slipway::prune {

namespace {

constexpr Outcome kDone{.kind = Outcome::Kind::Done, .delay = std::nullopt};
constexpr Outcome kStays{.kind = Outcome::Kind::Stalled, .delay = std::nullopt};

}  // namespace

Outcome PruneReconciler::reconcile(const ObjectKey& key, std::stop_token) {
  const Timestamp now = ports_.clock.now();
  auto loaded = ports_.objects.retention_policy(key);
  if (!loaded) return outcome_of(loaded.error(), {.attempt_started_at = now}, now);
  if (!*loaded || (*loaded)->metadata.deletion_timestamp) return kDone;
  RetentionPolicy& object = **loaded;
  if (object.spec.suspend) {
    if (!mark_suspended(object)) return kDone;
    ports_.recorder.event(key, EventType::Normal, std::string(reason::kSuspended), "spec.suspend is true");
    return after_write(ports_.writer.write_status(object), kDone, now);
  }
  const bool told = find_condition(object.status.conditions, kStalled) != nullptr;
  object.status = status_of(object, now);
  const Condition* stalled = find_condition(object.status.conditions, kStalled);
  if (stalled && !told)
    ports_.recorder.event(key, EventType::Warning, std::string(reason::kNotSupported), stalled->message);
  return after_write(ports_.writer.write_status(object), stalled ? kStays : kDone, now);
}

}  // namespace slipway::prune

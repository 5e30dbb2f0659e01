#include "reconcilers/prune/reconciler.h"

#include <utility>

#include "reconcilers/prune/admission.h"
#include "reconcilers/prune/status.h"
#include "reconcilers/readiness.h"
#include "reconcilers/suspension.h"

namespace slipway::prune {

namespace {

constexpr Outcome kDone{.kind = Outcome::Kind::Done, .delay = std::nullopt};

/// Once for each reason.
void tell_if_stalled(Recorder& recorder, const ObjectKey& key, const Conditions& before, const Conditions& after) {
  const Condition* told = find_condition(before, kStalled);
  const Condition* stalled = find_condition(after, kStalled);
  if (stalled == nullptr || (told != nullptr && told->reason == stalled->reason)) return;
  recorder.event(key, EventType::Warning, stalled->reason, stalled->message);
}

}  // namespace

Outcome PruneReconciler::reconcile(const ObjectKey& key, std::stop_token) {
  const Timestamp now = ports_.clock.now();
  auto loaded = ports_.objects.retention_policy(key);
  if (!loaded) return outcome_of(loaded.error(), {.attempt_started_at = now}, now);
  if (!*loaded || (*loaded)->metadata.deletion_timestamp) return kDone;
  RetentionPolicy& object = **loaded;
  if (object.spec.suspend) return suspend(std::move(object), ports_.writer, ports_.recorder, now);
  const Result<void> admitted = admit(object, ports_.objects);
  if (!admitted && admitted.error().cls == ErrorClass::Cancelled) return kDone;
  Judgement judgement = judge(object, admitted, now);
  // A write that changes nothing would tell that what is kept can be written.
  if (judgement.status == object.status) return judgement.outcome;
  const Conditions before = std::exchange(object.status, std::move(judgement.status)).conditions;
  const auto written = ports_.writer.write_status(object);
  if (written) tell_if_stalled(ports_.recorder, key, before, object.status.conditions);
  return after_write(written, judgement.outcome, now);
}

}  // namespace slipway::prune

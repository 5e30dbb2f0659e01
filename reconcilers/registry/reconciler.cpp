#include "reconcilers/registry/reconciler.h"

#include <utility>

#include "crds/v1alpha1/support.h"
#include "reconcilers/readiness.h"
#include "reconcilers/registry/status.h"
#include "reconcilers/suspension.h"

namespace slipway::registry {

namespace {

constexpr Outcome kDone{.kind = Outcome::Kind::Done, .delay = std::nullopt};

Observation observe(const ContainerRegistry& object, Registries& registries, const std::stop_token& stop) {
  if (const auto supported = refuse_unsupported(object); !supported)
    return {.identity = std::unexpected(supported.error()), .end = SignIn::End::NotAsked};
  return registries.sign_in(object, stop);
}

bool is_cancelled(const Observation& seen) {
  return !seen.identity && seen.identity.error().cls == ErrorClass::Cancelled;
}

void tell(Recorder& recorder, const ObjectKey& key, const Conditions& before, const Conditions& after) {
  const Condition* old = find_condition(before, kReady);
  const Condition* ready = find_condition(after, kReady);
  if (ready == nullptr || (old != nullptr && old->status == ready->status && old->reason == ready->reason)) return;
  recorder.event(key, ready->status == "True" ? EventType::Normal : EventType::Warning, ready->reason, ready->message);
}

}  // namespace

Outcome RegistryReconciler::reconcile(const ObjectKey& key, std::stop_token stop) {
  const Timestamp now = ports_.clock.now();
  auto loaded = ports_.objects.registry(key.name);
  if (!loaded) return outcome_of(loaded.error(), {.attempt_started_at = now}, now);
  if (!*loaded || (*loaded)->metadata.deletion_timestamp) return kDone;
  ContainerRegistry& object = **loaded;
  if (object.spec.suspend) return suspend(std::move(object), ports_.writer, ports_.recorder, now);
  const Observation seen = observe(object, ports_.registries, stop);
  if (is_cancelled(seen)) return kDone;
  Judgement judgement = judge(object, seen, now);
  // A write that changes nothing would tell that what is kept can be written.
  if (judgement.status == object.status) return judgement.outcome;
  const Conditions before = std::exchange(object.status, std::move(judgement.status)).conditions;
  const auto written = ports_.writer.write_status(object);
  if (written) tell(ports_.recorder, key, before, object.status.conditions);
  return after_write(written, judgement.outcome, now);
}

}  // namespace slipway::registry

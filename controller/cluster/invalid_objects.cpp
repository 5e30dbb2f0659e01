#include "controller/cluster/invalid_objects.h"

#include <utility>

#include "reconcilers/finalizer.h"
#include "reconcilers/observed.h"
#include "reconcilers/publish/leave_tags.h"
#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"
#include "reconcilers/registry/status.h"
#include "reconcilers/suspension.h"

namespace slipway::cluster {
namespace {

constexpr Outcome kDone{.kind = Outcome::Kind::Done, .delay = std::nullopt};
constexpr Outcome kStays{.kind = Outcome::Kind::Stalled, .delay = std::nullopt};

/// A line for each problem, as `slipway validate` has it, without the place.
template <class T>
std::string text_of(const runtime::Reflected<T>& entry) {
  std::string text;
  for (const Problem& problem : entry.problems) {
    Problem shown = problem;
    shown.file.clear();
    shown.place = {};
    text += (text.empty() ? "" : "\n") + to_string(shown);
  }
  if (entry.holds_in_part)
    text +=
        "\nuntil then this entry gives no access; the others are in force, and nobody looks whether the registry "
        "answers";
  return text;
}

/// What a visit saw once is not what is so now.
template <class T>
void forget_what_was_seen(T& object) {
  if constexpr (T::kKind == ResourceKind::ContainerRegistry) {
    remove_condition(object.status.conditions, registry::kReachable);
    remove_condition(object.status.conditions, registry::kAuthenticated);
    object.status.identity.clear();
    object.status.last_checked_at.reset();
  }
}

bool is_told(const Conditions& before, const Condition& ready) {
  const Condition* old = find_condition(before, kReady);
  return old != nullptr && old->status == ready.status && old->reason == ready.reason && old->message == ready.message;
}

}  // namespace

Outcome InvalidObjects::reconcile(const ObjectKey& key, std::stop_token stop) {
  switch (key.kind) {
    case ResourceKind::ContainerRegistry:
      return visit<ContainerRegistry>(key, std::move(stop));
    case ResourceKind::ImagePublication:
      return visit<ImagePublication>(key, std::move(stop));
    case ResourceKind::RetentionPolicy:
      return visit<RetentionPolicy>(key, std::move(stop));
  }
  return kDone;
}

template <class T>
Outcome InvalidObjects::visit(const ObjectKey& key, std::stop_token stop) {
  const auto entry = cache_of<T>(parts_.caches).find(name_of(key));
  if (entry == nullptr || entry->problems.empty()) return next_.reconcile(key, std::move(stop));
  if (entry->object.metadata.deletion_timestamp) return let_go(*entry);
  T object = entry->object;
  const Timestamp now = parts_.clock.now();
  // What is wrong with it matters to nobody until it is resumed.
  if (object.spec.suspend) return suspend(std::move(object), parts_.writer, parts_.recorder, now);
  mark_observed(object);
  forget_what_was_seen(object);
  const Readiness readiness{
      .kind = Readiness::Kind::Stalled, .reason = entry->problems.front().reason, .message = text_of(*entry)};
  apply_readiness(object.status.conditions, readiness, {.generation = object.metadata.generation, .now = now});
  const auto written = parts_.writer.write_status(object);
  const Condition& ready = *find_condition(object.status.conditions, kReady);
  if (written && !is_told(entry->object.status.conditions, ready))
    parts_.recorder.event(key, EventType::Warning, ready.reason, ready.message);
  return after_write(written, kStays, now);
}

/// Publications alone have a finalizer.
template <class T>
Outcome InvalidObjects::let_go(const runtime::Reflected<T>& entry) {
  if constexpr (T::kKind == ResourceKind::ImagePublication) {
    const ImagePublication& object = entry.object;
    if (!has_finalizer(object.metadata)) return kDone;
    const std::string& name = object.spec.registry_ref.name;
    const Timestamp now = parts_.clock.now();
    const auto registry = parts_.caches.registries.find({{}, name});
    return publish::leave_tags({.publication = object,
                                .edited_by = entry.edited_by,
                                .registry = registry == nullptr ? "" : registry->object.spec.login_server,
                                .why = "deleted while its spec is invalid: its tags stay",
                                .times = {now, now, publish::held_until(*object.metadata.deletion_timestamp, now, {})}},
                               {parts_.writer, parts_.recorder, parts_.audit});
  }
  return kDone;
}

}  // namespace slipway::cluster

#include "controller/cluster/installation.h"

#include <utility>

#include "controller/assembly/readiness_for_counts.h"
#include "controller/cluster/event_recorder.h"
#include "controller/cluster/exclusive_leases.h"
#include "controller/cluster/invalid_objects.h"
#include "controller/cluster/kube_leases.h"
#include "controller/cluster/object_store.h"
#include "controller/cluster/shard_fences.h"
#include "controller/cluster/shard_handover.h"
#include "controller/cluster/shard_turns.h"

namespace slipway::cluster {

namespace {

template <class T>
std::string uid_in(const runtime::ObjectCache<T>& cache, const ObjectKey& key) {
  const auto found = cache.find(name_of(key));
  return found == nullptr ? "" : found->object.metadata.uid;
}

std::string uid_of(const ObjectCaches& caches, const ObjectKey& key) {
  switch (key.kind) {
    case ResourceKind::ImagePublication:
      return uid_in(caches.publications, key);
    case ResourceKind::ContainerRegistry:
      return uid_in(caches.registries, key);
    case ResourceKind::RetentionPolicy:
      return uid_in(caches.retention_policies, key);
  }
  return "";
}

Result<std::unique_ptr<ImageSource>> refuse_file(const SourceSpec& /*source*/, const std::string& /*base_folder*/) {
  return fail(ErrorClass::Refused, "the source is a file, which in a cluster would be one of the controller's own",
              "name an image of a registry");
}

/// A name that is used again, as that of a pod of a StatefulSet, is another process's.
MembershipOptions membership_of(const InstallationOptions& options) {
  return {.namespace_name = options.lease_namespace,
          .group = options.lease_group,
          .name = lease_name(options.lease_group, options.identity),
          .holder = options.identity + '_' + runtime::new_reconcile_id(),
          .times = {}};
}

publish::Settings settings_of(const InstallationOptions& options) {
  publish::Settings settings{.publisher_id = options.publisher_id, .version = SLIPWAY_VERSION};
  settings.in_cluster = true;
  return settings;
}

template <class T>
void add_all(assembly::ReadyTally& tally, const runtime::ObjectCache<T>& cache) {
  for (const auto& entry : cache.all()) tally.add(entry->object);
}

}  // namespace

/// In the order in which they need each other.
struct Installation::Parts {
  Parts(const InstallationOptions& options, kube::ApiClient& client, assembly::KeptAudit& audit,
        const assembly::Surroundings& given)
      : caches(options.references.controller),
        recorder({client, given.log, given.clock, [this](const ObjectKey& key) { return uid_of(caches, key); }},
                 {.instance = options.identity, .flush_for = options.flush_events_for}),
        leases(client, options.lease_namespace, options.lease_group),
        membership(membership_of(options)),
        exclusive(membership, {leases, leases, boot_clock}),
        shards(membership, {exclusive, given.clock, boot_clock, given.log, [&audit] { return audit.try_again(); }},
               [this](const Shards::Gained& gained) { wake_gained(gained); }),
        turns(shards),
        shard_of(cluster::shard_of(caches)),
        store(caches, client, {options.references, fence_of(shards, shard_of), given_up.get_token()}),
        surroundings{given.log, given.metrics, recorder, given.progress, given.clock, given.on_wait},
        assembly({.publish = settings_of(options),
                  .controller_namespace = options.references.controller,
                  .network = options.network,
                  .ambient_credentials = nullptr,
                  .open_file = refuse_file,
                  .guard_registries =
                      [this](Registries& unguarded) { return std::make_unique<FencedRegistries>(unguarded, shards); }},
                 {store, store, turns, audit}, surroundings) {
    const ShardedReconciler::Hands sharded{shards, shard_of, refresh(caches, client)};
    for (const auto& [kind, reconciler] : assembly.reconcilers()) {
      auto checked = std::make_unique<InvalidObjects>(
          reconciler, InvalidObjects::Parts{caches, assembly.writer(), recorder, given.clock, audit});
      owned.emplace(kind, std::make_unique<ShardedReconciler>(*checked, sharded));
      valid.push_back(std::move(checked));
    }
  }

  void wake(const ObjectKey& key, runtime::Priority priority, const Shards::Gained& wanted) {
    const auto shard = shard_of(key);
    if (shard && wanted(*shard)) queue->add(key, priority);
  }
  void wake_gained(const Shards::Gained& gained) {
    for (const auto& key : caches.keys()) wake(key, runtime::Priority::Resync, gained);
  }

  std::stop_source given_up;
  ObjectCaches caches;
  EventRecorder recorder;
  const runtime::BootClock boot_clock;
  KubeLeases leases;
  const MembershipOptions membership;
  ExclusiveLeases exclusive;
  runtime::WorkQueue* queue = nullptr;
  Shards shards;
  ShardTurns turns;
  const ShardOf shard_of;
  ObjectStore store;
  const assembly::Surroundings surroundings;
  assembly::Assembly assembly;
  std::vector<std::unique_ptr<InvalidObjects>> valid;
  std::map<ResourceKind, std::unique_ptr<ShardedReconciler>> owned;
};

Installation::Installation(const InstallationOptions& options, kube::ApiClient& client, assembly::KeptAudit& audit,
                           const assembly::Surroundings& surroundings)
    : parts_(std::make_unique<Parts>(options, client, audit, surroundings)) {}
Installation::~Installation() = default;

ObjectCaches& Installation::caches() {
  return parts_->caches;
}

assembly::Assembly& Installation::assembly() {
  return parts_->assembly;
}

runtime::ReconcilersByKind Installation::reconcilers() {
  runtime::ReconcilersByKind all;
  for (const auto& [kind, reconciler] : parts_->owned) all.emplace(kind, *reconciler);
  return all;
}

void Installation::feed(runtime::WorkQueue& queue) {
  parts_->queue = &queue;
}

void Installation::wake(const ObjectKey& key, runtime::Priority priority) {
  parts_->wake(key, priority, [this](std::string_view shard) { return parts_->shards.owns(shard); });
}

Shards& Installation::shards() {
  return parts_->shards;
}

void Installation::give_up() {
  parts_->given_up.request_stop();
}

std::vector<telemetry::ReadyCount> Installation::ready_counts() {
  assembly::ReadyTally tally;
  add_all(tally, parts_->caches.registries);
  add_all(tally, parts_->caches.publications);
  add_all(tally, parts_->caches.retention_policies);
  return tally.counts();
}

}  // namespace slipway::cluster

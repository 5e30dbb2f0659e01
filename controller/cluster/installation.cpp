#include "controller/cluster/installation.h"

#include <algorithm>
#include <utility>

#include "controller/assembly/readiness_for_counts.h"
#include "controller/cluster/deletion_guard.h"
#include "controller/cluster/dependents.h"
#include "controller/cluster/event_recorder.h"
#include "controller/cluster/exclusive_leases.h"
#include "controller/cluster/invalid_objects.h"
#include "controller/cluster/kube_leases.h"
#include "controller/cluster/object_store.h"
#include "controller/cluster/shard_fences.h"
#include "controller/cluster/shard_handover.h"
#include "controller/cluster/shard_turns.h"
#include "controller/cluster/tenants_audit.h"
#include "controller/cluster/watched_fetches.h"
#include "reconcilers/observed.h"
#include "reconcilers/publish/withdraw.h"
#include "reconcilers/readiness.h"

namespace slipway::cluster {

namespace {

/// Both clocks of the machine agree by then that the time is over.
constexpr std::chrono::seconds kClocksAgree{1};

/// What is asked of any object, of whichever kind.
struct Life {
  std::string uid;
  std::optional<Timestamp> deleted;
  bool is_seen = true;  ///< Somebody has looked at it since it was edited or asked for, as far as it is known.
  bool is_unready = false;
};

template <class T>
std::optional<Life> life_in(const runtime::ObjectCache<T>& cache, const runtime::ObjectName& name) {
  const auto found = cache.find(name);
  if (found == nullptr) return std::nullopt;
  const ObjectMeta& metadata = found->object.metadata;
  Life life{.uid = metadata.uid, .deleted = metadata.deletion_timestamp};
  if constexpr (requires { found->object.status; }) {
    life.is_seen = is_observed(found->object);
    life.is_unready = is_unready(found->object.status.conditions);
  }
  return life;
}

/// Absent when it is not there.
std::optional<Life> life_of(const ObjectCaches& caches, const ObjectKey& key) {
  switch (key.kind) {
    case ResourceKind::ImagePublication:
      return life_in(caches.publications, name_of(key));
    case ResourceKind::ContainerRegistry:
      return life_in(caches.registries, name_of(key));
    case ResourceKind::RetentionPolicy:
      return life_in(caches.retention_policies, name_of(key));
  }
  return std::nullopt;
}

std::string uid_of(const ObjectCaches& caches, const ObjectKey& key) {
  const auto life = life_of(caches, key);
  return life ? life->uid : "";
}

/// Also one that is too large to be kept whole: its status is.
std::optional<ImagePublication> publication_in(const ObjectCaches& caches, const ObjectKey& key) {
  const auto found = caches.publications.find(name_of(key));
  return found == nullptr ? std::nullopt : std::optional(found->object);
}

bool is_ending(const ObjectCaches& caches, const std::string& namespace_name) {
  const auto life = life_in(caches.namespaces, {{}, namespace_name});
  return life && life->deleted;
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

publish::Settings settings_of(const InstallationOptions& options, Timestamp now) {
  publish::Settings settings{.publisher_id = options.publisher_id, .version = SLIPWAY_VERSION};
  settings.at_work_since = now;
  settings.in_cluster = true;
  return settings;
}

template <class T>
void add_all(assembly::ReadyTally& tally, const runtime::ObjectCache<T>& cache) {
  for (const auto& entry : cache.all()) tally.add(entry->object, entry->edited_at);
}

}  // namespace

/// In the order in which they need each other.
struct Installation::Parts {
  Parts(const InstallationOptions& options, kube::ApiClient& client, assembly::KeptAudit& audit,
        const assembly::Surroundings& given)
      : began(given.clock.now()),
        tenants_audit(audit),
        caches(options.references.controller),
        recorder({client, given.log, given.clock, [this](const ObjectKey& key) { return uid_of(caches, key); },
                  [this](const std::string& name) { return is_ending(caches, name); }},
                 {.instance = options.identity, .flush_for = options.flush_events_for}),
        leases(client, options.lease_namespace, options.lease_group),
        membership(membership_of(options)),
        exclusive(membership, {leases, leases, boot_clock}),
        shards(membership,
               {exclusive, given.clock, boot_clock, given.log, [&audit] { return audit.try_again(); }, sight()},
               [this](const Shards::Gained& gained) { wake_gained(gained); }),
        turns(shards, names()),
        shard_of(cluster::shard_of(caches)),
        store(caches, client, {options.references, fence_of(shards, shard_of), given_up.get_token()}),
        surroundings{given.log, given.metrics, recorder, given.progress, given.clock, given.on_wait},
        assembly(
            {.publish = settings_of(options, began),
             .controller_namespace = options.references.controller,
             .network = options.network,
             .ambient_credentials = nullptr,
             .open_file = refuse_file,
             .guard_registries =
                 [this](Registries& unguarded) {
                   return std::make_unique<FencedRegistries>(unguarded, shards, names());
                 }},
            {store, store, turns, tenants_audit, [this](const ObjectKey& key) { return publication_in(caches, key); },
             [this](const ObjectKey& key) { return owns(key); },
             [this](const ContainerRegistry& registry) { return own_unready_users_of(registry); }},
            surroundings),
        fetches(refresh(caches, client), {given.log, boot_clock, [this](const ObjectKey& key) { return owns(key); }}) {
    const ShardedReconciler::Hands sharded{
        shards, shard_of, [this](const ObjectKey& key, const auto& stop) { return fetches.fetch(key, stop); }};
    for (const auto& [kind, reconciler] : assembly.reconcilers()) {
      auto checked = std::make_unique<InvalidObjects>(
          reconciler, InvalidObjects::Parts{caches, assembly.writer(), recorder, given.clock, tenants_audit});
      auto guarded = std::make_unique<DeletionGuard>(
          *checked, time_limits,
          [this, &clock = given.clock](const ObjectKey& key) { return deletion_of(key, clock.now()); });
      owned.emplace(kind, std::make_unique<ShardedReconciler>(*guarded, sharded));
      guards.emplace(kind, std::move(guarded));
      valid.push_back(std::move(checked));
    }
  }

  std::optional<DeletionGuard::Deletion> deletion_of(const ObjectKey& key, Timestamp now) {
    const auto life = life_of(caches, key);
    if (!life) return DeletionGuard::Deletion{};
    if (!life->deleted) return std::nullopt;
    return DeletionGuard::Deletion{publish::end_of_withdrawal(*life->deleted, now, began) - now + kClocksAgree};
  }

  RegistryNamesNow names() const {
    return [this] { return caches.registry_names.now(); };
  }

  Shards::Sight sight() {
    return {.begin_anew =
                [this] {
                  if (watches != nullptr) watches->begin_anew();
                },
            .is_behind = [this] { return watches != nullptr && watches->is_behind(); }};
  }

  bool owns(const ObjectKey& key) const {
    const auto shard = shard_of(key);
    return shard && shards.owns(*shard);
  }

  /// Those of other replicas see in their watches that the registry is Ready.
  std::vector<ObjectKey> own_unready_users_of(const ContainerRegistry& registry) const {
    auto keys = unready_users_of(registry, caches);
    std::erase_if(keys, [this](const ObjectKey& key) { return !owns(key); });
    return keys;
  }

  void deleted(const ObjectKey& key) { guards.at(key.kind)->deleted(key); }

  void wake(const ObjectKey& key, const std::optional<Life>& life, runtime::Priority priority,
            const Shards::Gained& wanted) {
    if (!life || life->deleted) deleted(key);
    const auto shard = shard_of(key);
    if (!shard || !wanted(*shard)) return;
    queue->add(key, life && life->is_unready ? std::max(priority, runtime::Priority::Unready) : priority);
  }
  /// What was edited, deleted or asked for while nobody worked on it counts as edited now.
  void wake_gained(const Shards::Gained& gained) {
    caches.for_each_key([&](const ObjectKey& key) {
      const auto life = life_of(caches, key);
      const bool is_new = life && (life->deleted || !life->is_seen);
      wake(key, life, is_new ? runtime::Priority::Edit : runtime::Priority::Resync, gained);
    });
  }

  const Timestamp began;
  TenantsAudit tenants_audit;
  std::stop_source given_up;
  ObjectCaches caches;
  EventRecorder recorder;
  const runtime::BootClock boot_clock;
  KubeLeases leases;
  const MembershipOptions membership;
  ExclusiveLeases exclusive;
  runtime::WorkQueue* queue = nullptr;
  ObjectWatches* watches = nullptr;
  Shards shards;
  ShardTurns turns;
  const ShardOf shard_of;
  ObjectStore store;
  const assembly::Surroundings surroundings;
  assembly::Assembly assembly;
  WatchedFetches fetches;
  runtime::TimeLimits time_limits;
  std::vector<std::unique_ptr<InvalidObjects>> valid;
  std::map<ResourceKind, std::unique_ptr<DeletionGuard>> guards;
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

void Installation::see_through(ObjectWatches& watches) {
  parts_->watches = &watches;
}

void Installation::wake(const ObjectKey& key, runtime::Priority priority) {
  parts_->wake(key, life_of(parts_->caches, key), priority,
               [this](std::string_view shard) { return parts_->shards.owns(shard); });
}

bool Installation::is_deleted(const ObjectKey& key) const {
  const auto life = life_of(parts_->caches, key);
  return life && life->deleted;
}

void Installation::gone(const ObjectKey& key) {
  parts_->deleted(key);
  parts_->owned.at(key.kind)->forget(key);
  if (key.kind == ResourceKind::ImagePublication) parts_->assembly.publisher().forget(key);
}

Shards& Installation::shards() {
  return parts_->shards;
}

std::optional<Error> Installation::fetch_failure() const {
  return parts_->fetches.failure();
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

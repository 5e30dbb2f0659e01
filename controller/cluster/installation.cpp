#include "controller/cluster/installation.h"

#include <utility>

#include "controller/assembly/readiness_for_counts.h"
#include "controller/cluster/event_recorder.h"
#include "controller/cluster/invalid_objects.h"
#include "controller/cluster/object_store.h"
#include "controller/runtime/file_turns.h"

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
        store(caches, client, options.references, given_up.get_token()),
        recorder({client, given.log, given.clock, [this](const ObjectKey& key) { return uid_of(caches, key); }},
                 {.instance = options.identity, .flush_for = options.flush_events_for}),
        turns({}),
        surroundings{given.log, given.metrics, recorder, given.progress, given.clock, given.on_wait},
        assembly({.publish = settings_of(options),
                  .controller_namespace = options.references.controller,
                  .network = options.network,
                  .ambient_credentials = nullptr,
                  .open_file = refuse_file},
                 {store, store, turns, audit}, surroundings) {
    for (const auto& [kind, reconciler] : assembly.reconcilers())
      valid.emplace(kind, std::make_unique<InvalidObjects>(
                              reconciler, InvalidObjects::Parts{caches, assembly.writer(), recorder, given.clock}));
  }

  std::stop_source given_up;
  ObjectCaches caches;
  ObjectStore store;
  EventRecorder recorder;
  runtime::FileTurns turns;
  const assembly::Surroundings surroundings;
  assembly::Assembly assembly;
  std::map<ResourceKind, std::unique_ptr<InvalidObjects>> valid;
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
  for (const auto& [kind, reconciler] : parts_->valid) all.emplace(kind, *reconciler);
  return all;
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

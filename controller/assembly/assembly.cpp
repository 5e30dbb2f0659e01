#include "controller/assembly/assembly.h"

#include <utility>

#include "controller/assembly/host_of_key.h"
#include "controller/assembly/metered_ports.h"
#include "controller/assembly/open_requests.h"
#include "controller/assembly/put_off_visits.h"
#include "controller/assembly/ready_again.h"
#include "controller/assembly/request_lines.h"
#include "controller/assembly/watched_writer.h"
#include "controller/http/request_rates.h"
#include "controller/registry/registries.h"
#include "controller/registry/registry_rules.h"
#include "controller/runtime/waiting.h"
#include "controller/transfer/transfer_engine.h"
#include "reconcilers/prune/reconciler.h"
#include "reconcilers/readiness.h"
#include "reconcilers/registry/reconciler.h"

namespace slipway::assembly {

namespace {

void tell(const http::RequestSeen& seen, const Surroundings& surroundings, const registry::RegistryRules& rules) {
  surroundings.metrics.registry_request(
      {std::string(http::to_string(seen.method)), seen.status, seen.host, seen.took, rules.is_registry(seen.host)});
  log_request(seen, surroundings.log);
}

/// Bytes that move are a sign of life, however long they take.
class LivelyProgress final : public ProgressWatcher {
 public:
  LivelyProgress(ProgressWatcher& next, runtime::SignsOfLife& signs, LongVisits& visits)
      : next_(next), signs_(signs), visits_(visits) {}
  void progress(const ObjectKey& object, const TransferProgress& progress) override {
    signs_.of_work();
    visits_.moved(object);
    next_.progress(object, progress);
  }

 private:
  ProgressWatcher& next_;
  runtime::SignsOfLife& signs_;
  LongVisits& visits_;
};

PublicationAtHand at_hand(const AssemblyPorts& ports) {
  if (ports.publication) return ports.publication;
  return [&objects = ports.objects](const ObjectKey& key) -> std::optional<ImagePublication> {
    auto found = objects.publication(key);
    return found && *found ? std::optional(std::move((*found)->object)) : std::nullopt;
  };
}

PutOffVisits::IsUnready unready_among(PublicationAtHand at_hand) {
  return [at_hand = std::move(at_hand)](const ObjectKey& key) {
    const auto publication = at_hand(key);
    return publication && is_unready(publication->status.conditions);
  };
}

/// Who is told of requests.
struct RequestListeners {
  const Surroundings& surroundings;
  OpenRequests& open;
  runtime::SignsOfLife& signs;
};

http::TracingHands tracing_of(const RequestListeners& to, const registry::RegistryRules& rules) {
  return {.began =
              [to](const http::RequestBegan& request) {
                to.signs.of_work();
                to.open.began(request.request_id, request.host, runtime::SystemSteadyClock{}.now());
              },
          .observer =
              [to, &rules](const http::RequestSeen& seen) {
                to.signs.of_work();
                to.open.ended(seen.request_id, seen.host);
                tell(seen, to.surroundings, rules);
              },
          .reconcile_id = telemetry::current_reconcile_id,
          .elapsed = runtime::elapsed};
}

http::TransportSettings transport_settings(http::NetworkEnvironment environment, const RequestListeners& listeners,
                                           const registry::RegistryRules& rules, http::RequestRates& rates) {
  http::TransportSettings settings;
  settings.environment = std::move(environment);
  settings.user_agent = "slipway/" SLIPWAY_VERSION;
  settings.retry_hands = {.wait = runtime::wait, .chance = runtime::chance, .elapsed = runtime::elapsed};
  settings.tracing = tracing_of(listeners, rules);
  settings.may_call = [&rules](std::string_view from, std::string_view to) { return rules.may_call(from, to); };
  settings.may_connect = [&rules](std::string_view host, std::string_view address) {
    return rules.may_connect(host, address);
  };
  settings.rates = &rates;
  return settings;
}

}  // namespace

/// In the order in which they need each other.
struct Assembly::Parts {
  Parts(AssemblySettings given, const AssemblyPorts& ports, const Surroundings& around)
      : surroundings(around),
        audit(ports.audit),
        hosts(at_hand(ports), ports.objects),
        settings(std::move(given)),
        put_off(surroundings.log, steady, unready_among(at_hand(ports))),
        watched(ports.store, surroundings.log, steady, ports.is_ours),
        signs(steady),
        long_visits({ports.objects, at_hand(ports), watched, surroundings.clock, steady,
                     [this](const auto& id, auto latest) { return open_requests.hosts(id, latest); },
                     surroundings.on_wait}),
        writer(long_visits, at_hand(ports), surroundings.metrics),
        progress(surroundings.progress, signs, long_visits),
        rates({.wait = runtime::wait, .elapsed = runtime::elapsed}),
        rules(settings.publish.in_cluster, rates),
        unguarded(ports.objects, surroundings.clock, registries_settings()),
        guard(settings.guard_registries ? settings.guard_registries(unguarded) : nullptr),
        registries(guard ? *guard : unguarded),
        engine({.wait = runtime::wait, .chance = runtime::chance, .elapsed = runtime::elapsed}),
        transfer(engine, surroundings.metrics),
        publisher({ports.objects, writer, registries, transfer, ports.turns, surroundings.recorder, progress,
                   surroundings.clock, audit},
                  settings.publish),
        registry_reconciler({ports.objects, writer, registries, surroundings.recorder, surroundings.clock}),
        prune_reconciler({ports.objects, writer, surroundings.recorder, surroundings.clock}),
        put_off_publisher(publisher, put_off),
        watched_publisher(put_off_publisher, long_visits),
        ready_again(registry_reconciler, {ports.objects, ports.unready_users}),
        watched_registry(ready_again, long_visits),
        watched_prune(prune_reconciler, long_visits) {}

  registry::RegistriesSettings registries_settings() {
    return {.controller_namespace = settings.controller_namespace,
            .ambient_credentials = settings.ambient_credentials,
            .make_transport =
                [network = transport_settings(settings.network, {surroundings, open_requests, signs}, rules, rates)](
                    const std::string& ca_pem) { return http::make_transport(ca_pem, network); },
            .rules = rules,
            .audit = audit,
            .silences = put_off,
            .steady = steady,
            .reconcile_id = telemetry::current_reconcile_id,
            .open_file = settings.open_file};
  }

  const Surroundings surroundings;
  KeptAudit& audit;
  const HostOfKey hosts;
  const AssemblySettings settings;
  const runtime::SystemSteadyClock steady;
  PutOffVisits put_off;
  WatchedWriter watched;
  runtime::SignsOfLife signs;
  OpenRequests open_requests;
  LongVisits long_visits;
  MeteredWriter writer;
  LivelyProgress progress;
  http::RequestRates rates;
  registry::RegistryRules rules;
  registry::SharedRegistries unguarded;
  const std::unique_ptr<Registries> guard;
  Registries& registries;
  transfer::TransferEngine engine;
  MeteredTransfer transfer;
  publish::PublishReconciler publisher;
  slipway::registry::RegistryReconciler registry_reconciler;
  prune::PruneReconciler prune_reconciler;
  PutOffReconciler put_off_publisher;
  WatchedReconciler watched_publisher;
  ReadyAgain ready_again;
  WatchedReconciler watched_registry;
  WatchedReconciler watched_prune;
};

Assembly::Assembly(AssemblySettings settings, const AssemblyPorts& ports, const Surroundings& surroundings)
    : parts_(std::make_unique<Parts>(std::move(settings), ports, surroundings)) {}
Assembly::~Assembly() = default;

runtime::ReconcilersByKind Assembly::reconcilers() {
  return {{ResourceKind::ContainerRegistry, parts_->watched_registry},
          {ResourceKind::ImagePublication, parts_->watched_publisher},
          {ResourceKind::RetentionPolicy, parts_->watched_prune}};
}

publish::PublishReconciler& Assembly::publisher() {
  return parts_->publisher;
}

void Assembly::bring_back_through(runtime::WorkQueue& queue) {
  parts_->put_off.bring_back_through(queue);
  parts_->ready_again.bring_back_through(queue);
}

ObjectWriter& Assembly::writer() {
  return parts_->writer;
}

LongVisits& Assembly::long_visits() {
  return parts_->long_visits;
}

std::string Assembly::host_of(const ObjectKey& key) const {
  return parts_->hosts(key);
}

runtime::SignsOfLife& Assembly::signs() {
  return parts_->signs;
}

std::optional<Error> Assembly::write_failure() const {
  return parts_->watched.failure();
}

std::optional<Error> Assembly::audit_failure() const {
  return parts_->audit.failure();
}

}  // namespace slipway::assembly

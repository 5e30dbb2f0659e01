#include "controller/cli/run.h"

#include <utility>

#include "controller/cli/lease_group.h"
#include "controller/cli/log_options.h"
#include "controller/cli/workspace.h"
#include "controller/cluster/service.h"
#include "controller/kube/kubeconfig.h"
#include "controller/runtime/host_name.h"
#include "controller/runtime/memory.h"
#include "controller/runtime/signals.h"
#include "controller/standalone/service.h"
#include "controller/telemetry/recorders.h"

namespace slipway::cli {

namespace {

/// Says in the log what a person should see of a transfer.
class LoggedProgress final : public ProgressWatcher {
 public:
  explicit LoggedProgress(telemetry::Log& log) : log_(log) {}
  void progress(const ObjectKey& object, const TransferProgress& progress) override {
    if (!progress.note.empty()) log_.info(progress.note, {{"object", to_string(object)}});
  }

 private:
  telemetry::Log& log_;
};

/// What every service is given.
struct Given {
  Given(const LogOptions& options, const Console& console)
      : log(clock, log_options(options, console)), metrics(SLIPWAY_VERSION), recorder(log), progress(log) {}

  const runtime::SystemClock clock;
  telemetry::Log log;
  telemetry::Metrics metrics;
  telemetry::LogRecorder recorder;
  LoggedProgress progress;
  const assembly::Surroundings surroundings{log, metrics, recorder, progress, clock};
};

ExitCode run_folder(const RunOptions& options, const Console& console) {
  runtime::Nudge hangup;  // A folder is read every second as it is.
  // Whoever closes the terminal in which it runs means to end it.
  const runtime::Signals signals{console.errors_is_terminal ? nullptr : &hangup};
  Given given{options.log, console};
  auto about = installation_options(options.folder, console, StateUse::Keep);
  about.manifests.awaits_writers = &given.clock;
  const auto installation = standalone::Installation::open(about, given.surroundings, signals.stop_token());
  if (!installation) return cannot_begin(installation.error(), console);
  if ((*installation)->is_somebody_at_work().value_or(false))
    given.log.warn("another slipway is at work over the same state; one is enough: two may send the same layer twice");
  const auto served = standalone::serve(**installation,
                                        {.listen = options.listen,
                                         .workers = options.workers,
                                         .ask_git_every = options.git_interval,
                                         .ask_git_now = &hangup},
                                        given.surroundings, signals.stop_token());
  return served ? ExitCode::Ok : cannot_begin(served.error(), console);
}

Result<kube::ClusterAccess> access_of(const ClusterFlags& flags, const Console& console) {
  const auto variable = [&console](const char* name) -> const char* {
    const auto found = console.environment.find(name);
    return found == console.environment.end() ? nullptr : found->second.c_str();
  };
  if (flags.in_cluster) return kube::in_cluster_access(variable);
  return kube::load_kubeconfig(flags.kubeconfig, {kube::KubeconfigOwner::Operator, flags.context}, variable);
}

/// A shell keeps HOSTNAME for itself.
std::string host_of(const Console& console) {
  const auto found = console.environment.find("HOSTNAME");
  return found == console.environment.end() ? runtime::host_name() : found->second;
}

/// A pod has its name for itself. Elsewhere several may run on one machine.
std::string identity_of(const ClusterFlags& flags, const Console& console) {
  const std::string name = host_of(console);
  return flags.in_cluster ? name : name + '-' + runtime::new_reconcile_id();
}

cluster::ReferenceNamespaces references_of(const RunOptions& options) {
  cluster::ReferenceNamespaces references{.controller = options.folder.controller_namespace, .granted = {}};
  const auto& named = options.cluster.watch_namespaces;
  if (!named.empty()) references.granted.emplace(named.begin(), named.end());
  return references;
}

std::string lease_namespace_of(const RunOptions& options) {
  const std::string& named = options.cluster.lease_namespace;
  return named.empty() ? options.folder.controller_namespace : named;
}

ExitCode run_cluster(const RunOptions& options, const Console& console) {
  runtime::share_freed_memory();
  const runtime::Signals signals;
  auto access = access_of(options.cluster, console);
  if (!access) return cannot_begin(access.error(), console);
  Given given{options.log, console};
  const auto served = cluster::serve({.access = std::move(*access),
                                      .references = references_of(options),
                                      .publisher_id = options.folder.publisher_id,
                                      .audit_folder = options.folder.audit_folder,
                                      .identity = identity_of(options.cluster, console),
                                      .lease_namespace = lease_namespace_of(options),
                                      .lease_group = lease_group_of(options.cluster, host_of(console)),
                                      .listen = options.listen,
                                      .workers = options.workers,
                                      .grace = options.grace,
                                      .environment = console.environment},
                                     given.surroundings, signals.stop_token());
  return served ? ExitCode::Ok : cannot_begin(served.error(), console);
}

}  // namespace

ExitCode run(const RunOptions& options, const Console& console) {
  return options.cluster.is_used() ? run_cluster(options, console) : run_folder(options, console);
}

}  // namespace slipway::cli

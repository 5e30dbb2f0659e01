#include "controller/standalone/installation.h"

#include <utility>

#include "controller/http/request_rates.h"
#include "controller/http/transport_factory.h"
#include "controller/registry/ambient_credentials.h"
#include "controller/registry/credential_helper.h"
#include "controller/registry/registries.h"
#include "controller/registry/registry_rules.h"
#include "controller/runtime/file_turns.h"
#include "controller/runtime/waiting.h"
#include "controller/sources/open_source_file.h"
#include "controller/standalone/metered_ports.h"
#include "controller/standalone/open_requests.h"
#include "controller/standalone/readiness_for_counts.h"
#include "controller/standalone/watched_writer.h"
#include "controller/transfer/transfer_engine.h"
#include "reconcilers/prune/reconciler.h"
#include "reconcilers/readiness.h"
#include "reconcilers/registry/reconciler.h"

namespace slipway::standalone {

namespace {

struct StatePlace {
  std::filesystem::path database;
  std::filesystem::path turns;
  std::filesystem::path checkouts;  ///< Of a Git repository: one place for one database.
};

/// `key` tells the manifests from all others.
Result<StatePlace> state_place(const InstallationOptions& options, const std::filesystem::path& key) {
  const auto name = [](const std::filesystem::path& file) { return file.stem().string() + ".git"; };
  if (!options.state.empty()) {
    const std::filesystem::path file = std::filesystem::absolute(options.state);
    const auto of_key = manifests::state_file_of(file.parent_path() / "git", key);
    return StatePlace{file, file.parent_path() / "turns", of_key.parent_path() / (name(file) + '-' + name(of_key))};
  }
  const auto state = manifests::default_state_folder();
  if (!state) return std::unexpected{state.error()};
  const auto file = manifests::state_file_of(*state, key);
  return StatePlace{file, *state / "turns", *state / "git" / name(file)};
}

publish::Settings settings_of(const InstallationOptions& options, const std::string& url, Timestamp now) {
  publish::Settings settings{.publisher_id = options.publisher_id, .version = SLIPWAY_VERSION};
  if (settings.publisher_id.empty()) settings.publisher_id = url;
  settings.lends_credentials = options.single_owner;
  settings.one_shot = options.one_shot;
  if (options.one_shot) settings.started_at = now;
  return settings;
}

void tell(const http::RequestSeen& seen, const InstallationHands& hands) {
  const std::string method{http::to_string(seen.method)};
  hands.metrics.registry_request({method, seen.status, seen.host, seen.took});
  const std::vector<telemetry::LogField> fields{
      {"status", std::to_string(seen.status)}, {"failure", seen.failure}, {"requestId", seen.request_id}};
  // What is tried again keeps a visit going for minutes: the log says why.
  const bool is_outage = seen.status == 0 || seen.status == 429 || seen.status >= 500;
  is_outage ? hands.log.warn(method + ' ' + seen.url, fields) : hands.log.debug(method + ' ' + seen.url, fields);
}

template <class T>
void append_counts(std::vector<telemetry::ReadyCount>& all, const Result<std::vector<T>>& objects) {
  if (!objects) return;
  std::map<std::string, std::size_t> counts;
  for (const T& object : *objects) ++counts[readiness_for_counts(object)];
  for (const auto& [status, number] : counts) all.push_back({T::kKind, status, number});
}

std::chrono::nanoseconds elapsed() {
  return runtime::SystemSteadyClock{}.now().time_since_epoch();
}

/// As std::getenv. The map outlives the function.
std::function<const char*(const char*)> variables_of(const std::map<std::string, std::string>& environment) {
  return [&environment](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  };
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

/// Who is told of requests.
struct RequestListeners {
  const InstallationHands& hands;
  OpenRequests& open;
  runtime::SignsOfLife& signs;
};

http::TracingHands tracing_of(const RequestListeners& to) {
  return {.began =
              [to](const http::RequestBegan& request) {
                to.signs.of_work();
                to.open.began(request.request_id, request.host, runtime::SystemSteadyClock{}.now());
              },
          .observer =
              [to](const http::RequestSeen& seen) {
                to.signs.of_work();
                to.open.ended(seen.request_id, seen.host);
                tell(seen, to.hands);
              },
          .reconcile_id = telemetry::current_reconcile_id,
          .elapsed = elapsed};
}

http::TransportSettings transport_settings(http::NetworkEnvironment environment, const RequestListeners& listeners,
                                           const registry::RegistryRules& rules, http::RequestRates& rates) {
  http::TransportSettings settings;
  settings.environment = std::move(environment);
  settings.user_agent = "slipway/" SLIPWAY_VERSION;
  settings.retry_hands = {.wait = runtime::wait, .chance = runtime::chance};
  settings.tracing = tracing_of(listeners);
  settings.may_call = [&rules](std::string_view from, std::string_view to) { return rules.may_call(from, to); };
  settings.may_connect = [&rules](std::string_view host, std::string_view address) {
    return rules.may_connect(host, address);
  };
  settings.rates = &rates;
  return settings;
}

/// What may fail to open.
struct Opened {
  std::unique_ptr<manifests::StateDatabase> state;
  manifests::ManifestFolder folder;
  StatePlace place;
  http::NetworkEnvironment network;
  std::unique_ptr<GitManifests> git;
  std::string url;  ///< Of the manifests.
};

Result<std::unique_ptr<manifests::StateDatabase>> open_state(const InstallationOptions& options,
                                                             const StatePlace& place) {
  auto state = options.only_look ? manifests::StateDatabase::open_copy(place.database)
                                 : manifests::StateDatabase::open(place.database);
  if (!state) return std::unexpected{state.error()};
  return std::make_unique<manifests::StateDatabase>(std::move(*state));
}

Result<Opened> open_folder(const InstallationOptions& options, http::NetworkEnvironment network) {
  auto folder = manifests::ManifestFolder::open(options.manifests);
  if (!folder) return std::unexpected{folder.error()};
  const auto place = state_place(options, folder->canonical_path());
  if (!place) return std::unexpected{place.error()};
  auto state = open_state(options, *place);
  if (!state) return std::unexpected{state.error()};
  std::string url = "file://" + folder->canonical_path().string();
  return Opened{std::move(*state), std::move(*folder), *place, std::move(network), nullptr, std::move(url)};
}

/// Whose top is read.
Result<std::filesystem::path> root_for(const GitManifests& git, GitUse use, const std::stop_token& stop) {
  if (use == GitUse::InForce || (use == GitUse::Known && git.current())) return git.link();
  const auto newest = git.newest(stop);
  if (!newest) return std::unexpected{newest.error()};
  return newest->tree;
}

Result<Opened> open_git(const InstallationOptions& options, http::NetworkEnvironment network, const Clock& clock,
                        const std::stop_token& stop) {
  auto where = git_place(*options.git);
  if (!where) return std::unexpected{where.error()};
  const auto place = state_place(options, where->key);
  if (!place) return std::unexpected{place.error()};
  auto state = open_state(options, *place);
  if (!state) return std::unexpected{state.error()};
  auto git = std::make_unique<GitManifests>(*where, options.git->credentials, place->checkouts, options.manifests,
                                            GitManifests::Hands{**state, clock, options.environment});
  const auto root = root_for(*git, options.git_use, stop);
  if (!root) return std::unexpected{root.error()};
  auto folder = manifests::ManifestFolder::open(checkout_options(options.manifests, *where, *root));
  if (!folder) return std::unexpected{folder.error()};
  std::string url = where->location.shown;
  return Opened{std::move(*state), std::move(*folder), *place, std::move(network), std::move(git), std::move(url)};
}

}  // namespace

/// In the order in which they need each other.
struct Installation::Parts {
  Parts(Opened opened, const InstallationOptions& options, const InstallationHands& given)
      : hands(given),
        state(std::move(opened.state)),
        git(std::move(opened.git)),
        root(opened.folder.root()),
        settings(settings_of(options, opened.url, hands.clock.now())),
        objects(std::move(opened.folder), *state, hands.clock),
        watched(objects, hands.log),
        signs(steady),
        long_visits({objects, watched, hands.clock, steady,
                     [this](const auto& id, auto latest) { return open_requests.hosts(id, latest); }, hands.on_wait}),
        writer(long_visits, objects, hands.metrics),
        progress(hands.progress, signs, long_visits),
        rates({.wait = runtime::wait, .elapsed = elapsed}),
        rules(/*in_cluster=*/false, rates),
        environment(options.environment),
        ambient(hands.clock, {.variable = variables_of(environment),
                              .ask_helper =
                                  [](const std::string& name, const std::string& server) {
                                    return registry::ask_credential_helper(name, server);
                                  }}),
        registries(objects, hands.clock, registries_settings(options, std::move(opened.network))),
        engine({.wait = runtime::wait, .chance = runtime::chance, .elapsed = elapsed}),
        transfer(engine, hands.metrics),
        turns(opened.place.turns),
        publisher({objects, writer, registries, transfer, turns, hands.recorder, progress, hands.clock}, settings),
        registry_reconciler({objects, writer, registries, hands.recorder, hands.clock}),
        prune_reconciler({objects, writer, hands.recorder, hands.clock}),
        watched_publisher(publisher, long_visits),
        watched_registry(registry_reconciler, long_visits),
        watched_prune(prune_reconciler, long_visits) {}

  registry::RegistriesSettings registries_settings(const InstallationOptions& options,
                                                   http::NetworkEnvironment of_environment) {
    return {.controller_namespace = options.controller_namespace,
            .ambient_credentials = [this](const std::string& host) { return ambient.of(host); },
            .make_transport =
                [network = transport_settings(std::move(of_environment), {hands, open_requests, signs}, rules, rates)](
                    const std::string& ca_pem) { return http::make_transport(ca_pem, network); },
            .rules = rules,
            .reconcile_id = telemetry::current_reconcile_id,
            .open_file =
                [this](const SourceSpec& source, const std::string& base_folder) {
                  return sources::open_source_file(root, source, base_folder);
                }};
  }

  const InstallationHands hands;
  const std::unique_ptr<manifests::StateDatabase> state;
  const std::unique_ptr<GitManifests> git;
  const std::filesystem::path root;
  const publish::Settings settings;
  manifests::FolderObjectStore objects;
  WatchedWriter watched;
  const runtime::SystemSteadyClock steady;
  runtime::SignsOfLife signs;
  OpenRequests open_requests;
  LongVisits long_visits;
  MeteredWriter writer;
  LivelyProgress progress;
  http::RequestRates rates;
  registry::RegistryRules rules;
  const std::map<std::string, std::string> environment;
  registry::AmbientCredentials ambient;
  registry::SharedRegistries registries;
  transfer::TransferEngine engine;
  MeteredTransfer transfer;
  runtime::FileTurns turns;
  publish::PublishReconciler publisher;
  slipway::registry::RegistryReconciler registry_reconciler;
  prune::PruneReconciler prune_reconciler;
  WatchedReconciler watched_publisher;
  WatchedReconciler watched_registry;
  WatchedReconciler watched_prune;
};

Installation::Installation(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Installation::~Installation() = default;

Result<std::unique_ptr<Installation>> Installation::open(const InstallationOptions& options,
                                                         const InstallationHands& hands, const std::stop_token& stop) {
  auto network = http::network_environment(variables_of(options.environment));
  if (!network) return std::unexpected{network.error()};
  auto opened = options.git ? open_git(options, std::move(*network), hands.clock, stop)
                            : open_folder(options, std::move(*network));
  if (!opened) return std::unexpected{opened.error()};
  return std::unique_ptr<Installation>{new Installation{std::make_unique<Parts>(std::move(*opened), options, hands)}};
}

manifests::FolderObjectStore& Installation::objects() {
  return parts_->objects;
}

GitManifests* Installation::git() {
  return parts_->git.get();
}

std::optional<Error> Installation::write_failure() const {
  return parts_->watched.failure();
}

bool Installation::state_was_replaced() const {
  return parts_->state->was_replaced();
}

runtime::SignsOfLife& Installation::signs() {
  return parts_->signs;
}

LongVisits& Installation::long_visits() {
  return parts_->long_visits;
}

publish::PublishReconciler& Installation::publisher() {
  return parts_->publisher;
}

runtime::ReconcilersByKind Installation::reconcilers() {
  return {{ResourceKind::ContainerRegistry, parts_->watched_registry},
          {ResourceKind::ImagePublication, parts_->watched_publisher},
          {ResourceKind::RetentionPolicy, parts_->watched_prune}};
}

std::vector<telemetry::ReadyCount> Installation::ready_counts() {
  std::vector<telemetry::ReadyCount> counts;
  append_counts(counts, parts_->objects.registries());
  append_counts(counts, parts_->objects.publications());
  append_counts(counts, parts_->objects.retention_policies());
  return counts;
}

}  // namespace slipway::standalone

#include "controller/standalone/installation.h"

#include <utility>

#include "controller/assembly/audit_log.h"
#include "controller/assembly/readiness_for_counts.h"
#include "controller/http/transport_factory.h"
#include "controller/registry/ambient_credentials.h"
#include "controller/registry/credential_helper.h"
#include "controller/runtime/file_turns.h"
#include "controller/runtime/presence.h"
#include "controller/sources/open_source_file.h"
#include "crds/base/text.h"
#include "reconcilers/access.h"

namespace slipway::standalone {

namespace {

struct StatePlace {
  std::filesystem::path database;
  std::filesystem::path turns;
  std::filesystem::path checkouts;  ///< Of a Git repository: one place for one database.
  std::filesystem::path audit;

  std::filesystem::path presence() const { return database.string() + ".at-work"; }
};

/// `key` tells the manifests from all others.
Result<StatePlace> state_place(const InstallationOptions& options, const std::filesystem::path& key) {
  const auto name = [](const std::filesystem::path& file) { return file.stem().string() + ".git"; };
  if (!options.state.empty()) {
    const std::filesystem::path file = std::filesystem::absolute(options.state);
    const auto of_key = manifests::state_file_of(file.parent_path() / "git", key);
    return StatePlace{file, file.parent_path() / "turns", of_key.parent_path() / (name(file) + '-' + name(of_key)),
                      file.parent_path() / "audit"};
  }
  const auto state = manifests::default_state_folder();
  if (!state) return std::unexpected{state.error()};
  const auto file = manifests::state_file_of(*state, key);
  return StatePlace{file, *state / "turns", *state / "git" / name(file), *state / "audit"};
}

/// As its owner named it; a URL without the password that may stand in it.
std::string read_from(const InstallationOptions& options, const std::string& url) {
  if (options.git) return quoted(url, 200);
  return options.manifests.path == "-" ? "standard input" : quoted(options.manifests.path, 200);
}

/// As a GitHub Actions job of that repository names it.
std::string without_git(std::string url) {
  if (url.starts_with("https://") && url.ends_with(".git")) url.erase(url.size() - std::string_view(".git").size());
  return url;
}

publish::Settings settings_of(const InstallationOptions& options, const std::string& url, Timestamp now) {
  publish::Settings settings{.publisher_id = options.publisher_id, .version = SLIPWAY_VERSION};
  if (settings.publisher_id.empty()) settings.publisher_id = url;
  settings.lends_credentials = options.single_owner;
  if (options.single_owner) settings.read_from = read_from(options, url);
  settings.one_shot = options.one_shot;
  (options.one_shot ? settings.started_at : settings.at_work_since) = now;
  return settings;
}

template <class T>
void add_all(assembly::ReadyTally& tally, const Result<std::vector<T>>& objects) {
  if (!objects) return;
  for (const T& object : *objects) tally.add(object);
}

std::vector<ObjectKey> unready_users_of(const ContainerRegistry& registry,
                                        const manifests::FolderObjectStore& objects) {
  std::vector<ObjectKey> keys;
  const auto all = objects.publications();
  if (!all) return keys;
  for (const ImagePublication& object : *all)
    if (is_unready_user(registry, object)) keys.push_back(key_of(object));
  return keys;
}

Result<RegistryNames> names_in(ObjectReader& objects) {
  const auto all = objects.registries();
  if (!all) return std::unexpected{all.error()};
  return RegistryNames{*all};
}

/// As std::getenv. The map outlives the function.
std::function<const char*(const char*)> variables_of(const std::map<std::string, std::string>& environment) {
  return [&environment](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  };
}

/// What may fail to open.
struct Opened {
  std::unique_ptr<manifests::StateDatabase> state;
  manifests::ManifestFolder folder;
  StatePlace place;
  http::NetworkEnvironment network;
  std::unique_ptr<GitManifests> git;
  std::string url;  ///< Of the manifests.
  std::unique_ptr<assembly::KeptAudit> audit = nullptr;
  std::optional<runtime::Presence> presence = std::nullopt;  ///< Of who does more than look.
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
  const auto place = state_place(options, folder->home());
  if (!place) return std::unexpected{place.error()};
  auto state = open_state(options, *place);
  if (!state) return std::unexpected{state.error()};
  std::string url = "file://" + folder->home().string();
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
  std::string url = without_git(where->location.shown);
  return Opened{std::move(*state), std::move(*folder), *place, std::move(network), std::move(git), std::move(url)};
}

Result<std::unique_ptr<assembly::KeptAudit>> open_audit(const InstallationOptions& options, const Opened& opened,
                                                        const assembly::Surroundings& surroundings) {
  if (options.only_look) return assembly::no_audit_log();
  const auto folder = options.audit_folder.empty() ? opened.place.audit : std::filesystem::path(options.audit_folder);
  const auto& publisher = options.publisher_id.empty() ? opened.url : options.publisher_id;
  return assembly::open_audit_log(folder, publisher, {surroundings.log, surroundings.metrics, surroundings.clock});
}

/// Work does not depend on whether others can see it.
std::optional<runtime::Presence> announce(const std::filesystem::path& file, telemetry::Log& log) {
  auto presence = runtime::Presence::announce(file);
  if (presence) return std::move(*presence);
  log.warn("slipway get and describe can't tell that this process is at work: " + presence.error().message);
  return std::nullopt;
}

}  // namespace

/// In the order in which they need each other.
struct Installation::Parts {
  Parts(Opened opened, const InstallationOptions& options, const assembly::Surroundings& surroundings,
        const std::stop_token& stop)
      : state(std::move(opened.state)),
        git(std::move(opened.git)),
        audit(std::move(opened.audit)),
        presence(std::move(opened.presence)),
        place(opened.place),
        root(opened.folder.root()),
        objects(std::move(opened.folder), *state, surroundings.clock),
        environment(options.environment),
        ambient(surroundings.clock, {.variable = variables_of(environment),
                                     .ask_helper =
                                         [stop](const std::string& name, const std::string& server) {
                                           return registry::ask_credential_helper(name, server, {}, stop);
                                         }}),
        turns(opened.place.turns, [this] { return names_in(objects); }),
        assembly({.publish = settings_of(options, opened.url, surroundings.clock.now()),
                  .controller_namespace = options.controller_namespace,
                  .network = std::move(opened.network),
                  .ambient_credentials = [this](const std::string& host) { return ambient.of(host); },
                  .open_file =
                      [this](const SourceSpec& source, const std::string& base_folder) {
                        return sources::open_source_file(root, source, base_folder);
                      }},
                 {.objects = objects,
                  .store = objects,
                  .turns = turns,
                  .audit = *audit,
                  .unready_users = [this](const auto& registry) { return unready_users_of(registry, objects); }},
                 surroundings) {}

  const std::unique_ptr<manifests::StateDatabase> state;
  const std::unique_ptr<GitManifests> git;
  const std::unique_ptr<assembly::KeptAudit> audit;
  const std::optional<runtime::Presence> presence;
  const StatePlace place;
  const std::filesystem::path root;
  manifests::FolderObjectStore objects;
  const std::map<std::string, std::string> environment;
  registry::AmbientCredentials ambient;
  runtime::FileTurns turns;
  assembly::Assembly assembly;
};

Installation::Installation(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Installation::~Installation() = default;

Result<std::unique_ptr<Installation>> Installation::open(const InstallationOptions& options,
                                                         const assembly::Surroundings& surroundings,
                                                         const std::stop_token& stop) {
  auto network = http::network_environment(variables_of(options.environment));
  if (!network) return std::unexpected{network.error()};
  auto opened = options.git ? open_git(options, std::move(*network), surroundings.clock, stop)
                            : open_folder(options, std::move(*network));
  if (!opened) return std::unexpected{opened.error()};
  auto audit = open_audit(options, *opened, surroundings);
  if (!audit) return std::unexpected{audit.error()};
  opened->audit = std::move(*audit);
  if (!options.only_look) opened->presence = announce(opened->place.presence(), surroundings.log);
  return std::unique_ptr<Installation>{
      new Installation{std::make_unique<Parts>(std::move(*opened), options, surroundings, stop)}};
}

manifests::FolderObjectStore& Installation::objects() {
  return parts_->objects;
}

GitManifests* Installation::git() {
  return parts_->git.get();
}

bool Installation::state_was_replaced() const {
  return parts_->state->was_replaced();
}

std::optional<bool> Installation::is_somebody_at_work() const {
  return parts_->presence ? parts_->presence->is_anybody_else()
                          : runtime::Presence::is_anybody(parts_->place.presence());
}

std::filesystem::path Installation::state() const {
  return parts_->place.database;
}

assembly::Assembly& Installation::assembly() {
  return parts_->assembly;
}

std::vector<telemetry::ReadyCount> Installation::ready_counts() {
  assembly::ReadyTally tally;
  add_all(tally, parts_->objects.registries());
  add_all(tally, parts_->objects.publications());
  add_all(tally, parts_->objects.retention_policies());
  return tally.counts();
}

}  // namespace slipway::standalone

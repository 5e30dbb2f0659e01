#include "controller/cli/workspace.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "controller/cli/github_build.h"
#include "controller/cli/messages.h"
#include "crds/base/text.h"

namespace slipway::cli {

standalone::InstallationOptions installation_options(const FolderOptions& folder, const Console& console,
                                                     StateUse use) {
  standalone::InstallationOptions options;
  options.manifests = {.path = folder.path, .root = folder.root, .allow_empty = folder.allow_empty, .parse = {}};
  options.manifests.parse.overrides = folder.overrides;
  options.manifests.controller_namespace = folder.controller_namespace;
  options.git = git_options(folder.path, folder.git);
  options.state = folder.state;
  options.audit_folder = folder.audit_folder;
  options.only_look = use == StateUse::OnlyLook;
  options.controller_namespace = folder.controller_namespace;
  options.publisher_id = folder.publisher_id;
  if (options.publisher_id.empty() && !options.git) options.publisher_id = publisher_of_github_job(console.environment);
  options.environment = console.environment;
  return options;
}

std::optional<standalone::GitOptions> git_options(const std::string& path, const GitFlags& flags) {
  const bool has_flag = !flags.path.empty() || !flags.credentials_file.empty() || !flags.ssh_key_file.empty() ||
                        !flags.known_hosts_file.empty() || !flags.ca_file.empty();
  if (!has_flag && !standalone::is_git(path, flags.branch)) return std::nullopt;
  return standalone::GitOptions{.url = path,
                                .branch = flags.branch,
                                .path = flags.path,
                                .credentials = {.credentials = flags.credentials_file,
                                                .ssh_key = flags.ssh_key_file,
                                                .known_hosts = flags.known_hosts_file,
                                                .ca = flags.ca_file}};
}

void warn_of_no_state(const standalone::Installation& installation, const Console& console) {
  const std::filesystem::path state = installation.state();
  std::error_code unknown;
  if (std::filesystem::exists(state, unknown) || unknown) return;
  console.errors << "warning: there is no state database " << slipway::quoted(state.string(), 200)
                 << ": nothing is known of what was done; name that of slipway run or publish with --state\n";
}

std::vector<ObjectKey> publication_keys(const manifests::FolderObjectStore& objects) {
  std::vector<ObjectKey> keys = objects.keys();
  std::erase_if(keys, [](const ObjectKey& key) { return key.kind != ResourceKind::ImagePublication; });
  return keys;
}

ExitCode cannot_begin(const Error& error, const Console& console) {
  const ExitCode code = print_error(error, console.errors);
  return error.cls == ErrorClass::NotFound ? ExitCode::Invalid : code;
}

ExitCode no_publication(const FolderOptions& folder, const Console& console) {
  const std::string what = "no ImagePublication is in " + slipway::quoted(folder.path);
  if (!folder.allow_empty)
    return print_error(
        fail(ErrorClass::Invalid, what, "name one with -f, or say --allow-empty if none is meant to be there").error(),
        console.errors);
  console.errors << what << '\n';
  return ExitCode::Ok;
}

LookingGlass::LookingGlass(const Clock& clock)
    : log_(clock, {.format = telemetry::LogFormat::Text, .level = telemetry::LogLevel::Error}),
      metrics_(SLIPWAY_VERSION),
      recorder_(log_) {}

Result<std::unique_ptr<LookingGlass>> LookingGlass::open(const FolderOptions& folder, const Console& console,
                                                         const Clock& clock, Looking looking) {
  std::unique_ptr<LookingGlass> glass{new LookingGlass{clock}};
  auto options = installation_options(folder, console, StateUse::OnlyLook);
  expect_github_job(console.environment, options.manifests.parse);
  options.single_owner = true;
  options.git_use = looking.git;
  auto installation = standalone::Installation::open(
      options, {glass->log_, glass->metrics_, glass->recorder_, glass->progress_, clock, std::move(looking.on_wait)},
      looking.stop);
  if (!installation) return std::unexpected{installation.error()};
  glass->installation_ = std::move(*installation);
  auto change = glass->installation_->objects().refresh();
  if (!change) return std::unexpected{change.error()};
  glass->problems_ = std::move(change->problems);
  return glass;
}

}  // namespace slipway::cli

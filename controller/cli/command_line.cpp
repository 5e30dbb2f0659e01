#include "controller/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "controller/cli/audit_flags.h"
#include "controller/cli/command_checks.h"
#include "controller/cli/empty_texts.h"
#include "controller/cli/parse_errors.h"
#include "crds/base/text.h"

namespace slipway::cli {

namespace {

const std::map<std::string, OutputFormat> kFormats{{"table", OutputFormat::Table},
                                                   {"wide", OutputFormat::Wide},
                                                   {"json", OutputFormat::Json},
                                                   {"yaml", OutputFormat::Yaml}};
const std::map<std::string, ProgressStyle> kStyles{{"auto", ProgressStyle::Auto},
                                                   {"bars", ProgressStyle::Bars},
                                                   {"lines", ProgressStyle::Lines},
                                                   {"none", ProgressStyle::None}};
const std::map<std::string, ResourceKind> kKinds{{"ipub", ResourceKind::ImagePublication},
                                                 {"imagepublication", ResourceKind::ImagePublication},
                                                 {"imagepublications", ResourceKind::ImagePublication},
                                                 {"acr", ResourceKind::ContainerRegistry},
                                                 {"containerregistry", ResourceKind::ContainerRegistry},
                                                 {"containerregistries", ResourceKind::ContainerRegistry},
                                                 {"retpol", ResourceKind::RetentionPolicy},
                                                 {"retentionpolicy", ResourceKind::RetentionPolicy},
                                                 {"retentionpolicies", ResourceKind::RetentionPolicy}};

constexpr const char* kExitCodes =
    "Exit codes: 0 done; 1 refused (gate, conflict, not found, integrity, credentials, permission); 2 bad usage or\n"
    "invalid resource; 3 the outside failed (throttled, quota, unavailable, deadline); 4 a bug of Slipway; 130/143\n"
    "stopped by a signal. Of several: 2 before 1 before 3.";

/// The names of a map's entries, for help and completion.
template <class T>
std::vector<std::string> names_of(const std::map<std::string, T>& map) {
  std::vector<std::string> names;
  names.reserve(map.size());
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

/// Everything that is filled while parsing; the verb that was used tells which of it counts.
struct Parsed {
  RunOptions run;
  PublishOptions publish;
  PlanOptions plan;
  ValidateOptions validate;
  GetOptions get;
  DescribeOptions describe;
  AuditOptions audit;
  VersionOptions version;
  CompletionOptions completion;
  std::string at;
  std::string timeout;
  std::string git_interval;
  std::string grace;
  std::vector<std::string> sets;
  std::string kind;
  bool wants_version = false;
};

/// Takes the names alone (CLI11's own transformer takes their numbers too).
template <class T>
CLI::Validator choice_of(const std::map<std::string, T>& choices) {
  const auto choose = [&choices](std::string& text) -> std::string {
    const auto found = choices.find(CLI::detail::to_lower(text));
    if (found == choices.end())
      return slipway::quoted(text) + " is none of " + CLI::detail::join(names_of(choices), ", ");
    text = std::to_string(static_cast<int>(found->second));
    return {};
  };
  return CLI::Validator(choose, "");
}

void add_output(CLI::App& verb, OutputFormat& output) {
  verb.add_option("-o,--output", output, "How to print the result")
      ->transform(choice_of(kFormats))
      ->type_name("{table,wide,json,yaml}");
}

void add_log(CLI::App& verb, LogOptions& log) {
  verb.add_option("--log-level", log.level, "What is logged to standard error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  verb.add_option("--log-format", log.format, "Text for people, JSON for collectors; auto asks the terminal")
      ->check(CLI::IsMember({"auto", "text", "json"}))
      ->capture_default_str();
}

void add_path(CLI::App& verb, std::string& path, const char* flags, const char* what) {
  verb.add_option(flags, path, what)->required()->type_name("PATH");
}

void add_root(CLI::App& verb, std::string& root) {
  verb.add_option("--root", root, "Files that resources name must lie inside this folder")->type_name("DIR");
}

void add_allow_empty(CLI::App& verb, bool& allow_empty) {
  verb.add_flag("--allow-empty", allow_empty, "An empty folder is right, not a mistake");
}

void add_folder(CLI::App& verb, FolderOptions& folder) {
  add_root(verb, folder.root);
  add_allow_empty(verb, folder.allow_empty);
  verb.add_option("--state", folder.state, "State database (default: by folder, under $XDG_STATE_HOME/slipway)")
      ->type_name("FILE");
}

void add_git(CLI::App& verb, GitFlags& git) {
  verb.add_option("--branch", git.branch, "Branch of a Git repository (default: its own)")->type_name("BRANCH");
  verb.add_option("--path", git.path, "Folder in a Git repository (default: its top)")->type_name("FOLDER");
  verb.add_option("--git-credentials-file", git.credentials_file,
                  "Lines https://user:password@host, or a folder with the files username and password or bearerToken")
      ->type_name("PATH");
  verb.add_option("--git-ssh-key-file", git.ssh_key_file, "Private key for ssh (default: as ssh finds it)")
      ->type_name("FILE");
  verb.add_option("--git-known-hosts-file", git.known_hosts_file, "Keys of hosts to trust (default: those of ssh)")
      ->type_name("FILE");
  verb.add_option("--git-ca-file", git.ca_file, "Certificates to trust for https (default: the system's)")
      ->type_name("FILE");
}

void add_audit_folder(CLI::App& verb, std::string& folder) {
  verb.add_option("--audit-folder", folder,
                  "Folder of the audit log (default: audit beside the state database; in a cluster standard output)")
      ->type_name("DIR");
}

void add_controller_namespace(CLI::App& verb, std::string& name) {
  verb.add_option("--controller-namespace", name, "Namespace of the Secrets of a ContainerRegistry")
      ->capture_default_str();
}

void add_identity(CLI::App& verb, FolderOptions& folder) {
  add_controller_namespace(verb, folder.controller_namespace);
  verb.add_option("--publisher-id", folder.publisher_id,
                  "Who publishes, as records name it (default: the folder's or repository's URL, in a GitHub job its\n"
                  "repository's, in a cluster the UID of kube-system)");
}

void add_set(CLI::App& verb, Parsed& parsed) {
  verb.add_option("--set", parsed.sets, "Sets a field of every ImagePublication, e.g. spec.build.commit=4f2a91c0")
      ->type_name("FIELD=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_workers(CLI::App& verb, std::size_t& workers) {
  verb.add_option("--workers", workers, "Resources worked on at once")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
}

void add_subject(CLI::App& verb, Parsed& parsed, std::string& name, std::string& namespace_name) {
  verb.add_option("KIND", parsed.kind, "acr, ipub or retpol (default: all)")
      ->check(CLI::IsMember(names_of(kKinds), CLI::ignore_case))
      ->type_name("");
  verb.add_option("NAME", name, "One resource")->type_name("");
  verb.add_option("-n,--namespace", namespace_name, "Only this namespace")->type_name("NAMESPACE");
}

void add_cluster(CLI::App& verb, Parsed& parsed) {
  ClusterFlags& cluster = parsed.run.cluster;
  verb.add_flag("--in-cluster", cluster.in_cluster,
                "The resources of the cluster that it runs in, as its ServiceAccount");
  verb.add_option("--kubeconfig", cluster.kubeconfig,
                  "The resources of the cluster that this kubeconfig names; KUBECONFIG is not asked")
      ->type_name("FILE");
  verb.add_option("--context", cluster.context, "Context of the kubeconfig (default: its current one)")
      ->type_name("NAME");
  verb.add_option("--watch-namespaces", cluster.watch_namespaces,
                  "Whose Secrets and ConfigMaps may be read, beside the controller's (default: every namespace's)")
      ->delimiter(',')
      ->type_name("NAME,...");
  verb.add_option("--lease-namespace", cluster.lease_namespace,
                  "Namespace of the Leases by which replicas share the work (default: the controller's)")
      ->type_name("NAME");
  verb.add_option(
          "--lease-group", cluster.lease_group,
          "Which of the replicas there share it: those with the same word (default: slipway, with --kubeconfig one "
          "of this host)")
      ->type_name("NAME");
  verb.add_option("--grace", parsed.grace, "How long it may take to end in a cluster, e.g. 20s (default: 45s)");
}

void add_run(CLI::App& app, Parsed& parsed) {
  CLI::App* verb = app.add_subcommand(
      "run", "Watch a folder, a Git repository or a cluster's resources and keep the registry as they say");
  verb->footer(
      "Example: slipway run --manifests ./registry --listen 127.0.0.1:8080\n"
      "         slipway run --manifests https://git.example.com/shop.git --branch main --path prod\n"
      "         slipway run --kubeconfig ~/.kube/config --context dev\n"
      "Serves /metrics, /healthz and /readyz. Stop it with Ctrl-C; what runs is finished or left resumable.");
  verb->add_option("--manifests,-f", parsed.run.folder.path,
                   "The folder, or a Git repository: https://, ssh://, git@host:path, file://")
      ->type_name("PATH");
  add_folder(*verb, parsed.run.folder);
  add_audit_folder(*verb, parsed.run.folder.audit_folder);
  add_git(*verb, parsed.run.folder.git);
  add_cluster(*verb, parsed);
  add_identity(*verb, parsed.run.folder);
  verb->add_option("--git-interval", parsed.git_interval,
                   "How often a Git repository is asked, e.g. 30s (default: 1m); SIGHUP asks now");
  verb->add_option("--listen", parsed.run.listen, "Address of the endpoints; \"\" for none")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  add_workers(*verb, parsed.run.workers);
  add_log(*verb, parsed.run.log);
}

void add_publish(CLI::App& app, Parsed& parsed) {
  CLI::App* verb = app.add_subcommand("publish", "Publish once and wait for the end, as in a CI job");
  verb->footer(std::string("Example: slipway publish -f storefront.yaml --set spec.build.commit=$SHA\n"
                           "In a GitHub Actions job build fields that the resource leaves out come from the job.\n") +
               kExitCodes);
  add_path(*verb, parsed.publish.folder.path, "-f,--filename",
           "A file, a folder, a Git repository, or - for standard input");
  add_set(*verb, parsed);
  add_folder(*verb, parsed.publish.folder);
  add_audit_folder(*verb, parsed.publish.folder.audit_folder);
  add_git(*verb, parsed.publish.folder.git);
  add_identity(*verb, parsed.publish.folder);
  verb->add_option("--timeout", parsed.timeout,
                   "Give up after this long, e.g. 10m (default: spec.retry.maxDuration of each resource, else 15m)");
  verb->add_option("--progress", parsed.publish.progress, "How a transfer is shown; auto asks the terminal")
      ->transform(choice_of(kStyles))
      ->type_name("{auto,bars,lines,none}");
  add_workers(*verb, parsed.publish.workers);
  add_output(*verb, parsed.publish.output);
  parsed.publish.log.level = "error";
  add_log(*verb, parsed.publish.log);
}

void add_plan(CLI::App& app, Parsed& parsed) {
  CLI::App* verb = app.add_subcommand("plan", "Show what would be done and why; changes nothing");
  verb->footer("Example: slipway plan -f storefront.yaml --at 2026-12-31");
  add_path(*verb, parsed.plan.folder.path, "-f,--filename",
           "A file, a folder, a Git repository, or - for standard input");
  add_set(*verb, parsed);
  add_folder(*verb, parsed.plan.folder);
  add_git(*verb, parsed.plan.folder.git);
  add_identity(*verb, parsed.plan.folder);
  verb->add_option("--at", parsed.at, "Decide as if it were this time, of a date its beginning in UTC")
      ->type_name("TIME");
  verb->add_option("--timeout", parsed.timeout, "Give up after this long, e.g. 1m (default: when a host is given up)");
  add_output(*verb, parsed.plan.output);
}

void add_validate(CLI::App& app, Parsed& parsed) {
  CLI::App* verb = app.add_subcommand("validate", "Check resources without touching anything");
  verb->footer(
      "Prints every problem as file:line:column: field: what was found; what is expected.\n"
      "Exit codes: 0 valid (there may be warnings), 2 invalid, 3 files changed while they were read.");
  add_path(*verb, parsed.validate.path, "-f,--filename", "A file, a folder, a Git repository, or - for standard input");
  add_root(*verb, parsed.validate.root);
  add_allow_empty(*verb, parsed.validate.allow_empty);
  add_git(*verb, parsed.validate.git);
  add_controller_namespace(*verb, parsed.validate.controller_namespace);
  add_set(*verb, parsed);
  add_output(*verb, parsed.validate.output);
}

void add_get(CLI::App& app, Parsed& parsed) {
  CLI::App* verb = app.add_subcommand("get", "List resources with their state");
  verb->footer("Example: slipway get ipub -f ./registry -o wide");
  add_subject(*verb, parsed, parsed.get.name, parsed.get.namespace_name);
  add_path(*verb, parsed.get.folder.path, "-f,--filename,--manifests",
           "The folder, file or Git repository they are in");
  add_set(*verb, parsed);
  add_folder(*verb, parsed.get.folder);
  add_git(*verb, parsed.get.folder.git);
  add_output(*verb, parsed.get.output);
}

void add_describe(CLI::App& app, Parsed& parsed) {
  CLI::App* verb = app.add_subcommand("describe", "Tell the whole story of resources");
  verb->footer("Example: slipway describe ipub storefront -f ./registry");
  add_subject(*verb, parsed, parsed.describe.name, parsed.describe.namespace_name);
  add_path(*verb, parsed.describe.folder.path, "-f,--filename,--manifests",
           "The folder, file or Git repository they are in");
  add_set(*verb, parsed);
  add_folder(*verb, parsed.describe.folder);
  add_git(*verb, parsed.describe.folder.git);
  add_output(*verb, parsed.describe.output);
}

void add_small_verbs(CLI::App& app, Parsed& parsed) {
  add_output(*app.add_subcommand("version", "Print the version"), parsed.version.output);
  CLI::App* verb = app.add_subcommand("completion", "Print a completion script for a shell");
  verb->footer("Example: source <(slipway completion bash)");
  verb->add_option("SHELL", parsed.completion.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

void add_verbs(CLI::App& app, Parsed& parsed) {
  app.footer(
      "Start with: slipway validate -f FILE, then slipway plan -f FILE, then slipway publish -f FILE.\n"
      "slipway VERB --help explains a verb. Resources to start with: examples/ of the source tree. Credentials: the\n"
      "Secret that a ContainerRegistry names, else SLIPWAY_REGISTRY_HOST, _USERNAME and _PASSWORD, else docker login.");
  add_run(app, parsed);
  add_publish(app, parsed);
  add_plan(app, parsed);
  add_validate(app, parsed);
  add_get(app, parsed);
  add_describe(app, parsed);
  add_audit(app, parsed.audit);
  add_small_verbs(app, parsed);
  for (CLI::App* verb : app.get_subcommands([](CLI::App*) { return true; })) refuse_empty_texts(*verb);
}

std::variant<Command, Usage> publish_command(Parsed& parsed) {
  if (auto usage = take_sets(parsed.sets, "publish", parsed.publish.folder.overrides)) return *usage;
  if (auto usage = take_timeout(parsed.timeout, "publish", parsed.publish.timeout)) return *usage;
  return parsed.publish;
}

std::variant<Command, Usage> run_command(Parsed& parsed) {
  if (auto usage = check_source(parsed.run)) return *usage;
  if (auto usage = take_bounded(parsed.git_interval, "--git-interval", kGitIntervals, parsed.run.git_interval))
    return *usage;
  if (auto usage = take_bounded(parsed.grace, "--grace", kGraces, parsed.run.grace)) return *usage;
  return parsed.run;
}

std::variant<Command, Usage> validate_command(Parsed& parsed) {
  if (auto usage = take_sets(parsed.sets, "validate", parsed.validate.overrides)) return *usage;
  return parsed.validate;
}

std::variant<Command, Usage> plan_command(Parsed& parsed) {
  if (auto usage = take_sets(parsed.sets, "plan", parsed.plan.folder.overrides)) return *usage;
  if (auto usage = take_timeout(parsed.timeout, "plan", parsed.plan.timeout)) return *usage;
  if (parsed.at.empty()) return parsed.plan;
  const auto day = parse_timestamp(parsed.at + "T00:00:00Z");
  const auto at = day ? day : parse_timestamp(parsed.at);
  if (!at) return wrong("plan", "--at: " + at.error().message, at.error().remedy + ", or a date (its beginning, UTC)");
  parsed.plan.at = *at;
  return parsed.plan;
}

std::optional<ResourceKind> kind_named(const std::string& text) {
  const auto found = kKinds.find(CLI::detail::to_lower(text));
  return found == kKinds.end() ? std::nullopt : std::optional(found->second);
}

std::variant<Command, Usage> command_of(const std::string& verb, Parsed& parsed) {
  if (verb == "run") return run_command(parsed);
  if (verb == "publish") return publish_command(parsed);
  if (verb == "plan") return plan_command(parsed);
  if (verb == "version") return parsed.version;
  if (verb == "completion") return parsed.completion;
  if (verb == "validate") return validate_command(parsed);
  if (verb == "audit") return parsed.audit;
  parsed.get.kind = parsed.describe.kind = kind_named(parsed.kind);
  auto& folder = verb == "get" ? parsed.get.folder : parsed.describe.folder;
  if (auto usage = take_sets(parsed.sets, verb, folder.overrides)) return *usage;
  if (verb == "get") {
    if (auto usage = take_namespace(verb, parsed.get.name, parsed.get.namespace_name)) return *usage;
    return parsed.get;
  }
  if (auto usage = take_namespace(verb, parsed.describe.name, parsed.describe.namespace_name)) return *usage;
  return parsed.describe;
}

std::unique_ptr<CLI::App> make_app(Parsed& parsed) {
  auto app = std::make_unique<CLI::App>("Publishes container images to a registry as resources declare.", "slipway");
  add_verbs(*app, parsed);
  app->add_flag("--version", parsed.wants_version, "Print the version, as the verb does");
  app->require_subcommand(0, 1);
  app->final_callback([&parsed, made = app.get()] {
    if (made->get_subcommands().empty() && !parsed.wants_version) throw CLI::RequiredError("A verb");
  });
  return app;
}

/// CLI11 would only say that a verb is missing.
std::optional<Usage> wrong_verb(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front().starts_with('-')) return std::nullopt;
  std::string names;
  for (const auto& verb : describe_verbs()) {
    if (verb.name == arguments.front()) return std::nullopt;
    names += (names.empty() ? "" : ", ") + verb.name;
  }
  return Usage{ExitCode::Invalid, "slipway: there is no verb " + slipway::quoted(arguments.front()) + "; there are " +
                                      names + "; see slipway --help\n"};
}

/// The listed values of an option's check, from the text that CLI11 shows for it: "{a,b}".
std::vector<std::string> choices_in(const std::string& type_name) {
  const std::size_t open = type_name.find('{');
  const std::size_t close = type_name.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(type_name.substr(open + 1, close - open - 1), ',');
}

VerbDescription describe_verb(const CLI::App& verb) {
  VerbDescription description{verb.get_name(), verb.get_description(), {}, {}};
  for (const CLI::Option* option : verb.get_options()) {
    const std::string type = option->get_type_name();
    if (option->get_positional() && description.choices.empty()) description.choices = choices_in(type);
    for (const auto& name : option->get_lnames())
      description.options.push_back({"--" + name, option->get_description(), choices_in(type),
                                     type == "PATH" || type == "FILE" || type == "DIR"});
    for (const auto& name : option->get_snames())
      description.options.push_back({"-" + name, option->get_description(), choices_in(type), type == "PATH"});
  }
  return description;
}

}  // namespace

std::variant<Command, Usage> parse_command_line(const std::vector<std::string>& given) {
  const auto arguments = with_help_as_flag(given);
  if (auto usage = wrong_verb(arguments)) return *usage;
  if (auto usage = check_first_word(arguments, [](const auto& word) { return kind_named(word).has_value(); }))
    return *usage;
  Parsed parsed;
  const auto app = make_app(parsed);
  try {
    const auto taken = with_empty_texts_apart(*app, arguments);
    app->parse(std::vector<std::string>(taken.rbegin(), taken.rend()));
  } catch (const CLI::CallForHelp&) {
    return Usage{ExitCode::Ok, app->help()};
  } catch (const CLI::ParseError& error) {
    return Usage{ExitCode::Invalid, reason_and_hint(*app, error, arguments)};
  }
  if (app->get_subcommands().empty()) return Command{parsed.version};
  return command_of(app->get_subcommands().front()->get_name(), parsed);
}

std::vector<VerbDescription> describe_verbs() {
  Parsed parsed;
  const auto app = make_app(parsed);
  std::vector<VerbDescription> verbs;
  for (const CLI::App* verb : app->get_subcommands([](CLI::App*) { return true; }))
    verbs.push_back(describe_verb(*verb));
  return verbs;
}

}  // namespace slipway::cli

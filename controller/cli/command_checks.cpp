#include "controller/cli/command_checks.h"

#include <algorithm>

#include "controller/cli/lease_group.h"
#include "crds/base/text.h"
#include "crds/base/time.h"

namespace slipway::cli {

namespace {

/// Waits count nanoseconds, of which there are 292 years.
constexpr std::chrono::hours kLongestTimeout{24 * 365 * 10};

constexpr const char* kPlaces = "--manifests, --in-cluster and --kubeconfig";

bool has_git_flag(const GitFlags& git) {
  return !(git.branch + git.path + git.credentials_file + git.ssh_key_file + git.known_hosts_file + git.ca_file)
              .empty();
}

bool has_folder_flag(const FolderOptions& folder) {
  return !folder.root.empty() || !folder.state.empty() || folder.allow_empty || has_git_flag(folder.git);
}

/// What is no kind was meant as a name, as kubectl's KIND/NAME, or as several kinds; `command` ends with a space.
std::string how_to_name(const std::string& word, const std::string& command,
                        const std::function<bool(const std::string&)>& is_kind) {
  const std::size_t slash = word.find('/');
  if (slash != std::string::npos && is_kind(word.substr(0, slash)))
    return "write the kind and the name apart: " + command + word.substr(0, slash) + ' ' + word.substr(slash + 1);
  if (word == "all" || word.contains(',')) return "name one: " + command + "ipub";
  return "write the kind before the name: " + command + "ipub " + word;
}

}  // namespace

Usage wrong(const std::string& verb, const std::string& what, const std::string& remedy) {
  return {ExitCode::Invalid, "slipway " + verb + ": " + what + "; " + remedy + '\n'};
}

/// "help" and "help VERB" are asked for as often as their flag.
std::vector<std::string> with_help_as_flag(std::vector<std::string> arguments) {
  if (arguments.empty() || arguments.front() != "help") return arguments;
  std::ranges::rotate(arguments, arguments.begin() + 1);
  arguments.back() = "--help";
  return arguments;
}

std::optional<Usage> take_sets(const std::vector<std::string>& sets, const std::string& verb,
                               std::vector<FieldOverride>& overrides) {
  for (const auto& text : sets) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return wrong(verb, "--set " + slipway::quoted(text) + " is not FIELD=VALUE",
                   "write e.g. --set spec.build.commit=4f2a91c0");
    overrides.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return std::nullopt;
}

std::optional<Usage> take_timeout(const std::string& text, const std::string& verb,
                                  std::optional<std::chrono::seconds>& timeout) {
  if (text.empty()) return std::nullopt;
  const auto parsed = parse_duration(text);
  if (!parsed) return wrong(verb, "--timeout: " + parsed.error().message, parsed.error().remedy);
  if (*parsed > kLongestTimeout)
    return wrong(verb, "--timeout: " + slipway::quoted(text) + " is out of bounds", "write 10y at most");
  timeout = *parsed;
  return std::nullopt;
}

std::optional<Usage> take_bounded(const std::string& text, const std::string& flag, const Bounds& bounds,
                                  std::chrono::seconds& taken) {
  if (text.empty()) return std::nullopt;
  const auto parsed = parse_duration(text);
  if (!parsed) return wrong("run", flag + ": " + parsed.error().message, parsed.error().remedy);
  if (*parsed < bounds.least || *parsed > bounds.most)
    return wrong("run", flag + ": " + slipway::quoted(text) + " is out of bounds",
                 std::string("write ") + bounds.words);
  taken = *parsed;
  return std::nullopt;
}

std::optional<Usage> check_source(const RunOptions& run) {
  const ClusterFlags& cluster = run.cluster;
  const int named = int{!run.folder.path.empty()} + int{cluster.in_cluster} + int{!cluster.kubeconfig.empty()};
  if (named != 1)
    return wrong("run", named == 0 ? "nothing says where the resources are" : "the resources are in one place",
                 std::string("give one of ") + kPlaces);
  if (cluster.kubeconfig.empty() && !cluster.context.empty())
    return wrong("run", "--context is one of a kubeconfig", "give --kubeconfig, or leave --context out");
  if (!cluster.is_used() && !cluster.watch_namespaces.empty())
    return wrong("run", "--watch-namespaces is for a cluster", "leave it out: the Secrets of a folder lie in it");
  if (!cluster.lease_group.empty() && !is_group_name(cluster.lease_group))
    return wrong("run", "--lease-group: " + slipway::quoted(cluster.lease_group) + " is no name",
                 "write at most 63 of a-z, 0-9 and -, with a letter or digit at both ends");
  if (cluster.is_used() && has_folder_flag(run.folder))
    return wrong("run", "--root, --state, --allow-empty and those of Git are for a folder", "leave them out");
  return std::nullopt;
}

std::optional<Usage> check_first_word(const std::vector<std::string>& arguments,
                                      const std::function<bool(const std::string&)>& is_kind) {
  if (arguments.size() < 2 || arguments[1].empty() || arguments[1].starts_with('-')) return std::nullopt;
  const std::string& verb = arguments[0];
  const std::string& word = arguments[1];
  const std::string remedy = "slipway " + verb + ' ';
  if (verb == "publish" || verb == "plan" || verb == "validate")
    return wrong(verb, slipway::quoted(word) + " is no option", "name files with -f: " + remedy + "-f " + word);
  if (verb == "run")
    return wrong(verb, slipway::quoted(word) + " is no option",
                 "name files with it: " + remedy + "--manifests " + word);
  if ((verb == "get" || verb == "describe") && !is_kind(word))
    return wrong(verb, slipway::quoted(word) + " is no kind (acr, ipub, retpol)", how_to_name(word, remedy, is_kind));
  return std::nullopt;
}

std::optional<Usage> take_namespace(const std::string& verb, std::string& name, std::string& namespace_name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const std::string before = name.substr(0, slash);
  if (!namespace_name.empty() && namespace_name != before)
    return wrong(verb, slipway::quoted(name) + " is not in the namespace of -n", "leave one of the two out");
  namespace_name = before;
  name.erase(0, slash + 1);
  return std::nullopt;
}

}  // namespace slipway::cli

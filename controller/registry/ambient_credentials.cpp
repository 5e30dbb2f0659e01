#include "controller/registry/ambient_credentials.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <iterator>

#include "controller/registry/docker_config.h"
#include "crds/base/text.h"
#include "reconcilers/docker_hub.h"

namespace slipway::registry {
namespace {

constexpr std::chrono::minutes kKeptFor{1};
constexpr std::size_t kMostBytes = 1u << 20;

/// Docker Hub's key since its first version.
std::string server_of(const std::string& host) {
  return host == kDockerHub ? "https://index.docker.io/v1/" : host;
}

/// The file's text, or nothing when there is no such file.
Result<std::optional<std::string>> read_if_there(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  std::string text(kMostBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (error || in.bad() || (in.gcount() == 0 && !in.eof()))
    return fail(ErrorClass::Invalid, path.string() + " can't be read", "correct its permissions");
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

Result<std::optional<Credentials>> from(Result<std::optional<Credentials>> found, std::string origin) {
  if (found && *found) (*found)->origin = std::move(origin);
  return found;
}

}  // namespace

/// Whoever asks, until the others have what came of it. Without an answer they are told that there is none.
class AmbientCredentials::Asking {
 public:
  Asking(runtime::Guarded<Known>& known, std::string host, std::promise<Answer> answer)
      : known_(known), host_(std::move(host)), answer_(std::move(answer)) {}
  ~Asking() {
    known_.lock()->coming.erase(host_);
    answer_.set_value(std::move(found));
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  Answer found = fail(ErrorClass::Unavailable, "asking for credentials broke", "it is tried again");

 private:
  runtime::Guarded<Known>& known_;
  const std::string host_;
  std::promise<Answer> answer_;
};

Result<Credentials> AmbientCredentials::of(const std::string& host) {
  const Timestamp now = clock_.now();
  std::promise<Answer> answer;
  std::shared_future<Answer> coming;
  {
    const auto known = known_.lock();
    const auto kept = known->kept.find(host);
    if (kept != known->kept.end() && now < kept->second.until) return kept->second.credentials;
    const auto [asked, is_ours] = known->coming.try_emplace(host);
    if (is_ours)
      asked->second = answer.get_future().share();
    else
      coming = asked->second;
  }
  if (coming.valid()) return coming.get();
  Asking asking(known_, host, std::move(answer));
  asking.found = find(host);
  if (asking.found)
    known_.lock()->kept.insert_or_assign(host, Kept{.credentials = *asking.found, .until = now + kKeptFor});
  return asking.found;
}

Result<Credentials> AmbientCredentials::find(const std::string& host) const {
  Result<std::optional<Credentials>> found = from_variables(host);
  if (found && !*found) found = from_docker(host);
  if (!found) return while_doing("credentials for " + host, std::move(found.error()));
  if (*found) return std::move(**found);
  Credentials anonymous;
  anonymous.lacking = lacking_for(host);
  return anonymous;
}

std::string AmbientCredentials::lacking_for(const std::string& host) const {
  std::string lacking = lacking_in_variables(host);
  const auto file = docker_config();
  std::error_code error;
  if (!file || !std::filesystem::exists(*file, error)) return lacking;
  return lacking + (lacking.empty() ? "" : "; ") + file->string() + " has no entry for " + host;
}

std::string AmbientCredentials::variable(const char* name) const {
  const char* const value = hands_.variable(name);
  return value == nullptr ? std::string() : value;
}

Result<std::optional<Credentials>> AmbientCredentials::from_variables(const std::string& host) const {
  const std::string password = variable("SLIPWAY_REGISTRY_PASSWORD");
  if (password.empty()) return std::nullopt;
  const std::string whose = variable("SLIPWAY_REGISTRY_HOST");
  if (whose.empty())
    return fail(ErrorClass::Invalid, "SLIPWAY_REGISTRY_PASSWORD is set without SLIPWAY_REGISTRY_HOST",
                "name the registry's host in SLIPWAY_REGISTRY_HOST: the password goes to no other");
  if (whose != host || variable("SLIPWAY_REGISTRY_USERNAME").empty()) return std::nullopt;
  return Credentials{.username = variable("SLIPWAY_REGISTRY_USERNAME"),
                     .password = SecretText(password),
                     .identity_token = {},
                     .origin = "the variables SLIPWAY_REGISTRY_USERNAME and SLIPWAY_REGISTRY_PASSWORD"};
}

/// What is wrong with those that are set; a job's secret that nobody set is an empty text.
std::string AmbientCredentials::lacking_in_variables(const std::string& host) const {
  constexpr std::array kNames{"SLIPWAY_REGISTRY_HOST", "SLIPWAY_REGISTRY_USERNAME", "SLIPWAY_REGISTRY_PASSWORD"};
  if (std::ranges::all_of(kNames, [&](const char* name) { return hands_.variable(name) == nullptr; })) return "";
  std::string lacking;
  const auto add = [&](const std::string& what) { lacking += (lacking.empty() ? "" : "; ") + what; };
  const std::string whose = variable(kNames[0]);
  // What stands before an @ may be a password.
  if (!whose.empty() && whose != host)
    add("SLIPWAY_REGISTRY_HOST names " + slipway::quoted(whose.substr(whose.rfind('@') + 1), 200) + ", not " + host);
  for (const char* name : kNames)
    if (variable(name).empty()) add(name + std::string(hands_.variable(name) == nullptr ? " is not set" : " is empty"));
  return lacking;
}

std::optional<std::filesystem::path> AmbientCredentials::docker_config() const {
  std::filesystem::path folder = variable("DOCKER_CONFIG");
  if (folder.empty() && !variable("HOME").empty()) folder = std::filesystem::path(variable("HOME")) / ".docker";
  if (folder.empty()) return std::nullopt;
  return folder / "config.json";
}

Result<std::optional<Credentials>> AmbientCredentials::from_docker(const std::string& host) const {
  const auto place = docker_config();
  if (!place) return std::nullopt;
  const std::filesystem::path& file = *place;
  const Result<std::optional<std::string>> json = read_if_there(file);
  if (!json) return std::unexpected(json.error());
  if (!*json) return std::nullopt;
  const Result<std::string> helper = credential_helper_in_docker_config(**json, host);
  if (!helper) return std::unexpected(helper.error());
  if (!helper->empty()) {
    Result<std::optional<Credentials>> told = hands_.ask_helper(*helper, server_of(host));
    if (!told || *told)
      return from(std::move(told), "docker-credential-" + *helper + ", which " + file.string() + " names");
  }
  return from(credentials_from_docker_config(**json, host, {}), file.string());
}

}  // namespace slipway::registry

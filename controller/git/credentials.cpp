#include "controller/git/credentials.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "crds/base/text.h"

namespace slipway::git {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargest = 1u << 20;

Result<std::string> read_small(const fs::path& path, const std::string& option) {
  std::error_code error;
  const bool is_file = fs::is_regular_file(path, error);
  std::ifstream file{path, std::ios::binary};
  if (!is_file || !file)
    return fail(ErrorClass::Invalid, option + ": " + slipway::quoted(path.string(), 200) + " can't be read",
                "correct the path, or let the user that runs slipway read it");
  std::string content(kLargest + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() <= kLargest) return content;
  return fail(ErrorClass::Invalid, option + ": " + slipway::quoted(path.string(), 200) + " has more than 1 MiB",
              "name the right file");
}

/// Without the end of the line that editors write.
std::string trimmed(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

Result<void> check(const Credentials& found) {
  for (const auto* text : {&found.user, &found.password.reveal(), &found.bearer_token.reveal()})
    if (text->find_first_of(std::string_view{"\n\r\0", 3}) != std::string::npos)
      return fail(ErrorClass::Invalid, "the credentials of " + found.origin + " have more than one line",
                  "write the bare user name and the bare password or token");
  return {};
}

/// As Flux names the keys of a Secret for a GitRepository; of a mounted Secret each is a file.
Result<void> read_folder(const fs::path& folder, Credentials& found) {
  const auto value = [&](const char* key) -> Result<std::string> {
    std::error_code error;
    if (!fs::exists(folder / key, error)) return std::string{};
    auto content = read_small(folder / key, "--git-credentials-file");
    if (!content) return content;
    return trimmed(std::move(*content));
  };
  const auto path = [&](std::initializer_list<const char*> keys) {
    std::error_code error;
    for (const char* key : keys)
      if (fs::exists(folder / key, error)) return (folder / key).string();
    return std::string{};
  };
  const auto user = value("username");
  if (!user) return std::unexpected{user.error()};
  const auto password = value("password");
  if (!password) return std::unexpected{password.error()};
  const auto token = value("bearerToken");
  if (!token) return std::unexpected{token.error()};
  found.user = *user;
  found.password = SecretText{*password};
  found.bearer_token = SecretText{*token};
  found.ca_file = path({"ca.crt", "caFile"});
  found.ssh_key_file = path({"identity", "sshPrivateKey"});
  found.known_hosts_file = path({"known_hosts"});
  return {};
}

/// Lines as git-credential-store(1) has them: the first for the host of the repository counts.
Result<void> read_lines(const std::string& content, const Location& location, const std::string& origin,
                        Credentials& found) {
  std::istringstream lines{content};
  for (std::string line; std::getline(lines, line);) {
    line = trimmed(std::move(line));
    if (line.empty() || line.starts_with('#')) continue;
    // The path of a line may be missing, as it is where git wrote it.
    const auto scheme_end = line.find("://");
    const bool has_path = scheme_end != std::string::npos && line.find('/', scheme_end + 3) != std::string::npos;
    const auto entry = parse_location(has_path && !line.ends_with('/') ? line : line + "/x", "/");
    if (!entry || scheme_end == std::string::npos)
      return fail(ErrorClass::Invalid, origin + " has a line that is not https://user:password@host",
                  "write one such line for each host, or name a folder with the files username and password");
    if (entry->host != location.host || entry->transport != location.transport || entry->password.empty()) continue;
    found.user = entry->user;
    found.password = entry->password;
    return {};
  }
  return {};
}

Result<void> read_file(const Location& location, const std::string& file, Credentials& found) {
  found.origin = slipway::quoted(file, 200);
  std::error_code error;
  if (fs::is_directory(file, error)) {
    found.lacking = "the folder " + found.origin + " has neither the file password nor bearerToken";
    return read_folder(file, found);
  }
  found.lacking = found.origin + " has no line " +
                  (location.transport == Location::Transport::Http ? "http" : "https") + "://USER:PASSWORD@" +
                  location.host;
  const auto content = read_small(file, "--git-credentials-file");
  if (!content) return std::unexpected{content.error()};
  return read_lines(*content, location, found.origin, found);
}

void take_environment(const Location& location, const std::function<const char*(const char*)>& variable,
                      Credentials& found) {
  const auto text = [&](const char* name) {
    const char* value = variable(name);
    return std::string{value == nullptr ? "" : value};
  };
  const std::string host = text("SLIPWAY_GIT_HOST");
  const std::string password = text("SLIPWAY_GIT_PASSWORD");
  if (password.empty() || (!host.empty() && lower_case(host) != location.host)) return;
  found.user = text("SLIPWAY_GIT_USERNAME");
  found.password = SecretText{password};
  found.origin = "SLIPWAY_GIT_PASSWORD";
}

Result<void> check_files(const Credentials& found) {
  const std::array<std::pair<std::string, const std::string*>, 3> named{
      std::pair{std::string{"--git-ssh-key-file"}, &found.ssh_key_file},
      std::pair{std::string{"--git-known-hosts-file"}, &found.known_hosts_file},
      std::pair{std::string{"--git-ca-file"}, &found.ca_file}};
  for (const auto& [option, file] : named) {
    if (file->empty()) continue;
    if (const auto content = read_small(*file, option); !content) return std::unexpected{content.error()};
  }
  return {};
}

}  // namespace

Result<Credentials> read_credentials(const Location& location, const CredentialFiles& files,
                                     const std::function<const char*(const char*)>& variable) {
  Credentials found;
  if (!files.credentials.empty())
    if (const auto read = read_file(location, files.credentials, found); !read) return std::unexpected{read.error()};
  const bool has_none = found.password.empty() && found.bearer_token.empty();
  if (has_none && !location.password.empty()) {
    found.user = location.user;
    found.password = location.password;
    found.origin = "the URL";
  } else if (has_none) {
    take_environment(location, variable, found);
  }
  if (!found.password.empty() || !found.bearer_token.empty()) found.lacking.clear();
  // Who has a token alone: every server takes some name with it.
  if (found.user.empty() && !found.password.empty()) found.user = location.user.empty() ? "git" : location.user;
  if (!files.ssh_key.empty()) found.ssh_key_file = files.ssh_key;
  if (!files.known_hosts.empty()) found.known_hosts_file = files.known_hosts;
  if (!files.ca.empty()) found.ca_file = files.ca;
  if (const auto checked = check(found); !checked) return std::unexpected{checked.error()};
  if (const auto checked = check_files(found); !checked) return std::unexpected{checked.error()};
  return found;
}

}  // namespace slipway::git

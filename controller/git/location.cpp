#include "controller/git/location.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "crds/base/host.h"
#include "crds/base/text.h"

namespace slipway::git {

namespace {

constexpr std::size_t kLongestUrl = 2000;
constexpr std::size_t kLongestBranch = 200;

std::unexpected<Error> no_location(const std::string& shown, const std::string& why, const std::string& remedy) {
  return fail(ErrorClass::Invalid, "the Git repository " + slipway::quoted(shown, 200) + ": " + why, remedy);
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape =
        text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    if (!is_escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(16 * hex_value(text[i + 1]) + hex_value(text[i + 2]));
    i += 2;
  }
  return out;
}

bool is_host_character(char c) {
  return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == ':' || c == '[' || c == ']';
}

bool is_host(std::string_view host) {
  return !host.empty() && host.front() != '-' && std::ranges::all_of(host, is_host_character);
}

bool is_user(std::string_view user) {
  return !user.starts_with('-') &&
         std::ranges::all_of(user, [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '\x7f'; });
}

/// The text before "://" in small letters; empty where that does not stand.
std::string scheme_of(std::string_view text) {
  const auto end = text.find("://");
  if (end == std::string_view::npos || end == 0) return {};
  const auto scheme = text.substr(0, end);
  return std::ranges::all_of(scheme, [](char c) { return is_alphanumeric(c) || c == '+' || c == '.' || c == '-'; })
             ? lower_case(scheme)
             : std::string{};
}

/// user@host:path of ssh, as scp(1) takes it: the part before the colon has an '@' and no slash.
bool is_scp_form(std::string_view text) {
  const auto colon = text.find(':');
  const auto at = text.find('@');
  return colon != std::string_view::npos && at < colon && at > 0 && text.find('/') > colon &&
         !text.substr(colon).starts_with("::");
}

/// "ci:password@host/path" of a URL whose beginning was mistyped. Who means a path begins it with a dot or a slash.
bool has_user_info(std::string_view text) {
  const auto colon = text.find(':');
  const auto at = text.find('@');
  return !text.starts_with('.') && !text.starts_with('/') && at != std::string_view::npos && colon < at &&
         colon + 1 < at;
}

/// What a message may hold of a text that could not be taken apart: nothing that could be a password.
std::string harmless(std::string_view text) {
  const auto at = text.rfind('@');
  return at == std::string_view::npos ? std::string{text} : "…@" + std::string{text.substr(at + 1)};
}

struct Parts {
  std::string_view user_info;
  bool has_user = false;
  std::string_view authority;
  std::string_view path;
};

Parts parts_of(std::string_view after_scheme) {
  const auto slash = after_scheme.find('/');
  const auto authority = after_scheme.substr(0, slash);
  const auto at = authority.rfind('@');
  Parts parts;
  parts.path = slash == std::string_view::npos ? std::string_view{} : after_scheme.substr(slash);
  parts.has_user = at != std::string_view::npos;
  parts.user_info = parts.has_user ? authority.substr(0, at) : std::string_view{};
  parts.authority = parts.has_user ? authority.substr(at + 1) : authority;
  return parts;
}

Result<Location> network_location(const std::string& scheme, std::string_view text) {
  const auto parts = parts_of(text.substr(scheme.size() + 3));
  const auto colon = parts.user_info.find(':');
  Location found;
  found.transport = scheme == "ssh"     ? Location::Transport::Ssh
                    : scheme == "https" ? Location::Transport::Https
                                        : Location::Transport::Http;
  found.host = lower_case(parts.authority);
  found.user = decoded(parts.user_info.substr(0, colon));
  if (colon != std::string_view::npos) found.password = SecretText{decoded(parts.user_info.substr(colon + 1))};
  const bool is_ssh = found.transport == Location::Transport::Ssh;
  const std::string who = is_ssh && !found.user.empty() ? std::string{parts.user_info.substr(0, colon)} + '@' : "";
  found.url = found.shown = scheme + "://" + who + found.host + std::string{parts.path};
  if (!is_host(found.host) || !is_user(found.user))
    return no_location(scheme + "://…", "no host can be made out",
                       "write it as https://host/path.git or ssh://git@host/path.git");
  if (parts.path.size() < 2)
    return no_location(found.shown, "it has no path", "write it as " + scheme + "://" + found.host + "/path.git");
  if (parts.path.find_first_of("?#") != std::string_view::npos)
    return no_location(scheme + "://" + found.host, "it has a query or a fragment",
                       "leave out what follows the path; name a branch with --branch");
  if (is_ssh && !found.password.empty())
    return no_location(found.shown, "ssh is not given a password in a URL", "name a key with --git-ssh-key-file");
  if (found.transport == Location::Transport::Http && !is_loopback_host(found.host))
    return no_location(found.shown, "without TLS anybody on the way could change what is published",
                       "use https:// or ssh://");
  return found;
}

Result<Location> scp_location(std::string_view text) {
  const auto colon = text.find(':');
  const auto at = text.find('@');
  Location found{.transport = Location::Transport::Ssh,
                 .url = std::string{text},
                 .shown = std::string{text},
                 .host = lower_case(text.substr(at + 1, colon - at - 1)),
                 .user = std::string{text.substr(0, at)},
                 .password = {}};
  const auto path = text.substr(colon + 1);
  if (!is_host(found.host) || !is_user(found.user) || path.empty() || path.starts_with('-'))
    return no_location(harmless(text), "it is not user@host:path", "write it as ssh://git@host/path.git");
  return found;
}

Result<Location> file_location(std::string_view path, std::string_view working_folder) {
  namespace fs = std::filesystem;
  fs::path absolute = (fs::path{working_folder} / fs::path{path}).lexically_normal();
  if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();
  const std::string url = "file://" + absolute.string();
  return Location{
      .transport = Location::Transport::File, .url = url, .shown = url, .host = {}, .user = {}, .password = {}};
}

bool is_bad_in_branch(char c) {
  return static_cast<unsigned char>(c) <= ' ' || std::string_view{"~^:?*[\\\x7f"}.find(c) != std::string_view::npos;
}

bool is_good_branch_part(std::string_view part) {
  return !part.empty() && !part.starts_with('.') && !part.ends_with(".lock");
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    const auto slash = text.find('/', at);
    parts.push_back(text.substr(at, slash - at));
    if (slash == std::string_view::npos) return parts;
    at = slash + 1;
  }
}

/// Some file systems leave out a dot at the end, or take capitals for small letters.
bool means_git_folder(std::string_view part) {
  while (part.ends_with('.') || part.ends_with(' ')) part.remove_suffix(1);
  const std::string name = lower_case(part);
  return name == ".git" || name == "git~1";
}

}  // namespace

bool is_repository_url(std::string_view text) {
  return !scheme_of(text).empty() || is_scp_form(text) || has_user_info(text);
}

Result<Location> parse_location(std::string_view text, std::string_view working_folder) {
  const bool is_clean =
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; });
  if (text.empty() || text.size() > kLongestUrl || text.starts_with('-') || !is_clean)
    return no_location(harmless(text.substr(0, 100)), "it is no address", "write it as https://host/path.git");
  const std::string scheme = scheme_of(text);
  if (scheme == "https" || scheme == "http" || scheme == "ssh") return network_location(scheme, text);
  if (scheme == "file") {
    const auto path = text.substr(7);
    if (path.starts_with('/')) return file_location(path, "/");
    return no_location(harmless(text), "a file URL names no host", "write it as file:///path");
  }
  if (!scheme.empty() || text.find("::") != std::string_view::npos)
    return no_location(
        harmless(text),
        "repositories are not read over " + slipway::quoted(scheme.empty() ? text.substr(0, text.find("::")) : scheme),
        "use https://, ssh:// or file://");
  if (is_scp_form(text)) return scp_location(text);
  if (has_user_info(text))
    return no_location(harmless(text), "a user is given a password in a URL alone",
                       "write it as https://host/path.git; a path begins with ./");
  return file_location(text, working_folder);
}

Result<void> check_branch(std::string_view name) {
  if (name.empty()) return {};
  const auto parts = split(name);
  const bool is_good = name.size() <= kLongestBranch && !name.starts_with('-') && !name.ends_with('.') && name != "@" &&
                       name.find("..") == std::string_view::npos && name.find("@{") == std::string_view::npos &&
                       std::ranges::none_of(name, is_bad_in_branch) && std::ranges::all_of(parts, is_good_branch_part);
  if (is_good) return {};
  return fail(ErrorClass::Invalid, "--branch: " + slipway::quoted(name) + " is no name of a branch",
              "name it without refs/heads/, e.g. main");
}

Result<std::string> folder_in_repository(std::string_view path) {
  const auto wrong = [&] {
    return fail(ErrorClass::Invalid, "--path: " + slipway::quoted(path, 200) + " is no folder inside a repository",
                "name it from the repository's top, e.g. clusters/prod");
  };
  if (path.starts_with('/') || path.find('\0') != std::string_view::npos) return wrong();
  std::string folder;
  for (const auto part : split(path)) {
    if (part.empty() || part == ".") continue;
    if (!is_safe_name(part)) return wrong();
    folder += (folder.empty() ? "" : "/") + std::string{part};
  }
  return folder;
}

std::string revision_of(std::string_view branch, std::string_view commit) {
  return std::string{branch} + (commit.size() == 64 ? "@sha256:" : "@sha1:") + std::string{commit};
}

bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_safe_name(std::string_view path) {
  if (path.find('\0') != std::string_view::npos || path.size() > 4000) return false;
  return std::ranges::all_of(split(path), [](std::string_view part) {
    return !part.empty() && part != "." && part != ".." && part.size() <= 255 && !means_git_folder(part);
  });
}

}  // namespace slipway::git

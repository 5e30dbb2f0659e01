#pragma once

#include <string>
#include <string_view>

#include "controller/secret_text.h"
#include "crds/base/result.h"

namespace slipway::git {

/// Where a repository is: what a person wrote, taken apart once, then trusted.
struct Location {
  enum class Transport { Https, Http, Ssh, File };
  Transport transport = Transport::Https;
  std::string url;      ///< For git; never with a password, for HTTP without user either.
  std::string shown;    ///< For people and records: what is in no way secret.
  std::string host;     ///< With its port where one was written; empty for File.
  std::string user;     ///< As the URL had it, decoded.
  SecretText password;  ///< As the URL had it, decoded.
  bool operator==(const Location&) const = default;
};

/// By its form: a URL of a scheme that repositories have, user@host:path, or what was meant for one of them and has a
/// password in it. No file is looked at.
bool is_repository_url(std::string_view text);

/// https://…, http://… (to this machine only), ssh://…, user@host:path, file:///…; a path is made absolute with
/// `working_folder`. Invalid for everything else, among it what git would take for an option or a command of its own.
Result<Location> parse_location(std::string_view text, std::string_view working_folder);

/// Of git-check-ref-format(1) what a branch needs, at most 200 characters. Empty is right: the repository's own choice.
Result<void> check_branch(std::string_view name);

/// A folder of a repository as people write it ("", "prod", "./prod/"), without "." and double slashes. Invalid for
/// absolute ones and those that climb.
Result<std::string> folder_in_repository(std::string_view path);

/// As Flux writes it: "main@sha1:…", by the length of the commit's name.
std::string revision_of(std::string_view branch, std::string_view commit);

/// 40 or 64 small hex digits.
bool is_commit(std::string_view text);

/// A file's name in a tree of strangers: relative, no empty, "." or ".." component, none that means .git anywhere.
bool is_safe_name(std::string_view path);

}  // namespace slipway::git

#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/git/branch_follower.h"
#include "controller/manifests/manifest_folder.h"
#include "controller/manifests/state_database.h"
#include "reconcilers/ports/clock.h"

namespace slipway::standalone {

/// A folder of a Git repository instead of one of this machine.
struct GitOptions {
  std::string url;  ///< As git::parse_location() takes it.
  std::string branch;
  std::string path;
  git::CredentialFiles credentials;
  bool operator==(const GitOptions&) const = default;
};

/// Whether manifests named like that are of Git: by a URL's form, by what is there (a bare repository), or because a
/// branch is asked for.
bool is_git(const std::string& path, const std::string& branch);

/// Where a folder of Git is, and what of this machine belongs to it.
struct GitPlace {
  git::Location location;
  std::string branch;
  std::string path;  ///< In the repository, "" for its top.
  std::string key;   ///< Tells it from every other folder; names the state.
};
/// Invalid for what can't be a repository, a branch or a folder of one.
Result<GitPlace> git_place(const GitOptions& options);

/// How a checkout, or the link to one, is read. `base` brings everything that does not depend on it.
manifests::ManifestFolderOptions checkout_options(manifests::ManifestFolderOptions base, const GitPlace& place,
                                                  const std::filesystem::path& root);

/// What a look at the repository left for those who look without asking it.
struct GitSeen {
  std::optional<Timestamp> fetched_at;
  std::string in_force;         ///< Revision.
  std::string refused;          ///< Revision of the newest commit, where it was not taken.
  std::string refused_because;  ///< In words.
  bool operator==(const GitSeen&) const = default;
};
GitSeen read_seen(const std::filesystem::path& folder);

/// Manifests of a branch: which commit of it is in force is decided here, what is in the commit by whoever reads the
/// folder that checkouts().link() names. One thread at a time looks.
class GitManifests {
 public:
  struct Hands {
    manifests::StateDatabase& state;
    const Clock& clock;
    std::map<std::string, std::string> environment;
  };
  /// What `hands` refers to outlives it. `folder` is for the checkouts; `base` as for checkout_options().
  GitManifests(GitPlace place, git::CredentialFiles credentials, std::filesystem::path folder,
               manifests::ManifestFolderOptions base, Hands hands);

  /// Asks the repository, and keeps what came of it for read_seen(). `alive` as for git::BranchFollower.
  Result<git::Look> look(std::stop_token stop, const std::function<void()>& alive = {});
  /// The newest commit, good or bad; what is in force stays.
  Result<git::Checkout> newest(std::stop_token stop) const { return follower_.newest(std::move(stop)); }
  std::optional<git::Checkout> current() const { return follower_.checkouts().current(); }
  std::filesystem::path link() const { return follower_.checkouts().link(); }
  const GitPlace& place() const { return place_; }
  GitSeen seen() const { return read_seen(follower_.checkouts().folder()); }

 private:
  const GitPlace place_;
  const Clock& clock_;
  git::BranchFollower follower_;
};

}  // namespace slipway::standalone

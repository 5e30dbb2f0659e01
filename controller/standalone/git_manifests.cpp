#include "controller/standalone/git_manifests.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "controller/files/write_file.h"
#include "controller/manifests/unchangeable.h"
#include "crds/base/document.h"
#include "crds/base/make_node.h"
#include "reconcilers/json.h"

namespace slipway::standalone {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostTold = 20;

bool is_bare_repository(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path / "HEAD", error) && fs::is_directory(path / "objects", error) &&
         fs::is_directory(path / "refs", error);
}

std::string in_words(const std::vector<Problem>& problems) {
  std::string text;
  std::size_t told = 0;
  for (const auto& problem : problems) {
    if (problem.warning) continue;
    if (++told <= kMostTold) text += (text.empty() ? "" : "; ") + to_string(problem);
  }
  if (told > kMostTold) text += "; and " + std::to_string(told - kMostTold) + " more";
  return text;
}

fs::path seen_file(const fs::path& folder) {
  return folder / "seen.json";
}

/// Whole or not at all. That it could not be kept shows in `get` alone, by its age.
void write_seen(const fs::path& folder, const GitSeen& seen) {
  Node node = map_node();
  if (seen.fetched_at) add(node, "fetchedAt", string_node(to_string(*seen.fetched_at)));
  add(node, "inForce", string_node(seen.in_force));
  add(node, "refused", string_node(seen.refused));
  add(node, "refusedBecause", string_node(seen.refused_because));
  const fs::path next = folder / ("seen-" + std::to_string(::getpid()));
  std::error_code ignored;
  if (files::write_file(next, to_json_text(node)))
    fs::remove(next, ignored);
  else
    fs::rename(next, seen_file(folder), ignored);
}

/// As FolderObjectStore would find it, before it is in force.
git::BranchFollower::Examine examiner(GitPlace place, manifests::ManifestFolderOptions base,
                                      manifests::StateDatabase& state) {
  return [place = std::move(place), base = std::move(base),
          &state](const git::Checkout& checkout) -> Result<std::vector<Problem>> {
    auto folder = manifests::ManifestFolder::open(checkout_options(base, place, checkout.tree));
    if (!folder) return std::unexpected{folder.error()};
    auto reading = folder->read();
    if (!reading) return std::unexpected{reading.error()};
    auto fixed = manifests::unchangeable_in(*reading, state);
    if (!fixed) return std::unexpected{fixed.error()};
    std::ranges::move(*fixed, std::back_inserter(reading->problems));
    return std::move(reading->problems);
  };
}

}  // namespace

bool is_git(const std::string& path, const std::string& branch) {
  if (path == "-" || path.empty()) return false;
  return git::is_repository_url(path) || !branch.empty() || is_bare_repository(path);
}

Result<GitPlace> git_place(const GitOptions& options) {
  std::error_code error;
  auto location = git::parse_location(options.url, fs::current_path(error).string());
  if (!location) return std::unexpected{location.error()};
  if (const auto checked = git::check_branch(options.branch); !checked) return std::unexpected{checked.error()};
  auto path = git::folder_in_repository(options.path);
  if (!path) return std::unexpected{path.error()};
  std::string key = location->shown + '@' + options.branch + '/' + *path;
  return GitPlace{std::move(*location), options.branch, std::move(*path), std::move(key)};
}

manifests::ManifestFolderOptions checkout_options(manifests::ManifestFolderOptions base, const GitPlace& place,
                                                  const fs::path& root) {
  base.path = (place.path.empty() ? root : root / place.path).string();
  base.root = root.string();
  base.checkout = manifests::CheckoutOptions{.origin = place.key, .shown = place.path, .revision_of = git::revision_in};
  return base;
}

GitSeen read_seen(const fs::path& folder) {
  std::ifstream file{seen_file(folder), std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  const Document document = parse_json(text.str(), "seen.json");
  GitSeen seen;
  if (!document.problems.empty()) return seen;
  if (const auto at = parse_timestamp(json::text_at(document.root, "fetchedAt"))) seen.fetched_at = *at;
  seen.in_force = json::text_at(document.root, "inForce");
  seen.refused = json::text_at(document.root, "refused");
  seen.refused_because = json::text_at(document.root, "refusedBecause");
  return seen;
}

GitManifests::GitManifests(GitPlace place, git::CredentialFiles credentials, fs::path folder,
                           manifests::ManifestFolderOptions base, Hands hands)
    : place_(std::move(place)),
      clock_(hands.clock),
      follower_({place_.location, place_.branch, std::move(credentials), std::move(hands.environment)},
                git::Checkouts{std::move(folder)}, examiner(place_, std::move(base), hands.state)) {}

Result<git::Look> GitManifests::look(std::stop_token stop, const std::function<void()>& alive) {
  auto look = follower_.look(std::move(stop), alive);
  if (!look) return look;
  GitSeen seen{.fetched_at = clock_.now(),
               .in_force = look->in_force ? look->in_force->revision : "",
               .refused = {},
               .refused_because = {}};
  if (look->refused) {
    seen.refused = look->refused->revision;
    seen.refused_because = in_words(look->refused->problems);
  }
  write_seen(follower_.checkouts().folder(), seen);
  return look;
}

}  // namespace slipway::standalone

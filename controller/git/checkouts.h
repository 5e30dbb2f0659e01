#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "controller/git/client.h"
#include "crds/base/result.h"

namespace slipway::git {

/// The files of a commit, never written again.
struct Checkout {
  std::string commit;
  std::string revision;        ///< "main@sha1:…".
  std::filesystem::path tree;  ///< The repository's top.
  bool operator==(const Checkout&) const = default;
};

/// Checkouts of one branch in a folder: commits/COMMIT/tree, and a link "current" to the one in force. Each appears
/// whole or not at all, so that a kill at any moment does no harm, and processes that share the folder see the same.
/// Files that did not change since the one in force, or the newest where none is, are the same files. Thread-safe.
class Checkouts {
 public:
  explicit Checkouts(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// What is in force.
  std::optional<Checkout> current() const;
  std::optional<Checkout> find(const std::string& commit) const;
  /// Fetches what the branch names now and writes it down, if it is not here yet. The errors are the client's; Invalid
  /// for a commit with names that no file may have, or with more than 200,000 files or 1 GiB.
  Result<Checkout> add(const Client& client, const Tip& tip, std::stop_token stop) const;
  /// From now on `current`. Unavailable when the disk fails.
  Result<void> make_current(const Checkout& checkout) const;
  /// Removes all but `current`, the commit `kept`, the newest few, and what another process may be at work on.
  void sweep(const std::string& kept) const;
  /// Whether `commit` is known not to be among the commits that led to `tip`.
  bool was_rewritten(const Client& client, const Tip& tip, const std::string& commit, std::stop_token stop) const;

  /// The link: a name for the tree in force that stays.
  std::filesystem::path link() const { return folder_ / "current"; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::optional<Checkout> nearest() const;
  Result<Checkout> take_in(const std::filesystem::path& unfinished, const std::string& commit) const;

  const std::filesystem::path folder_;
};

/// The revision of a tree of ours; empty for any other folder.
std::string revision_in(const std::filesystem::path& tree);

/// Makes the folder that git takes for its home; empty, readable to us alone. Unavailable when it can't be made.
Result<std::filesystem::path> make_home(const std::filesystem::path& folder);

}  // namespace slipway::git

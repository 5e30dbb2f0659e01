#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "controller/git/checkouts.h"
#include "controller/git/client.h"
#include "controller/git/credentials.h"
#include "crds/base/document.h"
#include "crds/base/result.h"

namespace slipway::git {

/// A commit that is not taken, and why.
struct Refusal {
  std::string revision;
  std::vector<Problem> problems;  ///< At least one that is no warning.
  bool operator==(const Refusal&) const = default;
};

/// What a look at the branch found.
struct Look {
  std::optional<Checkout> in_force;  ///< After the look.
  std::optional<Refusal> refused;    ///< The newest commit, when it is not the one in force.
  std::string was_before;            ///< The revision that was in force before, when another one is now.
  bool was_rewritten = false;        ///< The one before is not among the commits that led to this one.
};

struct FollowerSettings {
  Location location;
  std::string branch;  ///< Empty: the repository's own.
  CredentialFiles credentials;
  std::map<std::string, std::string> environment;  ///< Of the process.
};

/// Follows a branch:
///
///   the branch            -> what is in force
///   can't be asked           as before; the error says why
///   is not there             as before; NotFound: nothing is deleted because a branch is
///   is at what is in force   as before
///   is at a good commit      that commit, whether or not it follows on the one before
///   is at a bad commit       as before; the refusal says why
///
/// A commit is good when `examine` finds nothing but warnings in it. One thread at a time.
class BranchFollower {
 public:
  /// What is wrong with a commit. An Unavailable error means that it could not be told; any other is its fault.
  using Examine = std::function<Result<std::vector<Problem>>(const Checkout&)>;

  BranchFollower(FollowerSettings settings, Checkouts checkouts, Examine examine)
      : settings_(std::move(settings)), checkouts_(std::move(checkouts)), examine_(std::move(examine)) {}

  /// `alive`, which may be null, is called many times a second while the repository is waited for.
  Result<Look> look(std::stop_token stop, const std::function<void()>& alive = {});
  /// The newest commit, good or bad; what is in force stays.
  Result<Checkout> newest(std::stop_token stop) const;
  const Checkouts& checkouts() const { return checkouts_; }

 private:
  Result<Client> client(const std::function<void()>& alive) const;
  Result<std::vector<Problem>> examine(const Checkout& newest) const;

  const FollowerSettings settings_;
  const Checkouts checkouts_;
  const Examine examine_;
  /// A commit that could not be written down by its own fault: it is not fetched again.
  std::optional<std::pair<std::string, Refusal>> unfit_;
};

}  // namespace slipway::git

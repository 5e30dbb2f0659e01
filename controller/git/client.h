#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "controller/git/credentials.h"
#include "controller/git/location.h"
#include "crds/base/result.h"

namespace slipway::git {

/// Where a branch is now.
struct Tip {
  std::string branch;  ///< Without refs/heads/.
  std::string commit;
  bool operator==(const Tip&) const = default;
};

/// An entry of a commit's tree.
struct TreeEntry {
  enum class Kind { File, Link, Submodule };
  Kind kind = Kind::File;
  std::string object;
  std::size_t size = 0;
  std::string path;
};

/// What every call of git is given: nothing of the machine's or the user's configuration, no hook, no filter, no
/// terminal, no transport but the repository's own.
struct ClientSettings {
  Location location;
  Credentials credentials;
  std::map<std::string, std::string> environment;  ///< Of this process; proxies and the PATH are taken from it.
  std::filesystem::path home;                      ///< An empty folder that git takes for the user's home.
  std::function<void()> alive;                     ///< Called many times a second while git runs. May be null.
};

/// git(1) as a process. The errors of git are classes of ours with what to do; credentials are in none of them. Calls
/// end by themselves within minutes.
class Client {
 public:
  explicit Client(ClientSettings settings) : settings_(std::move(settings)) {}

  /// NotFound when the repository or the branch is not there. Empty `branch`: the one that the repository's HEAD names.
  Result<Tip> tip(const std::string& branch, std::stop_token stop) const;

  /// Brings what the branch names now, without its history, into a new bare repository at `folder`. Its commit.
  Result<std::string> fetch(const std::filesystem::path& folder, const std::string& branch, std::stop_token stop) const;

  /// Of a fetched commit, submodules too. Invalid when there are more than kMostFiles.
  Result<std::vector<TreeEntry>> tree(const std::filesystem::path& folder, const std::string& commit,
                                      std::stop_token stop) const;

  /// Gives the content of files and links to `take`, piece by piece, in the order of `entries`; an entry without a byte
  /// is given once, empty.
  Result<void> read(const std::filesystem::path& folder, const std::vector<TreeEntry>& entries,
                    const std::function<Result<void>(std::size_t entry, std::string_view piece)>& take,
                    std::stop_token stop) const;

  enum class Ancestry { Ancestor, NotAmongTheLast, Unknown };
  /// Whether `commit` is among the last kHistory of the branch. Asks for commits alone; a server that can't give them
  /// alone may send more than it is allowed to, and nothing is known then.
  Ancestry ancestry(const std::filesystem::path& scratch, const std::string& branch, const std::string& commit,
                    std::stop_token stop) const;

 private:
  struct Call {
    std::vector<std::string> arguments;
    std::string input;
    std::chrono::seconds longest{60};
    std::size_t largest_file = 0;
  };
  Result<std::string> ask(const Call& call, std::stop_token stop) const;
  Result<void> run(const Call& call, const std::function<bool(std::string_view)>& take, std::stop_token stop) const;
  Result<void> make_repository(const std::filesystem::path& folder, std::size_t hash_digits,
                               std::stop_token stop) const;

  const ClientSettings settings_;
};

inline constexpr int kHistory = 500;
inline constexpr std::size_t kMostFiles = 200'000;

/// What `errors`, which git wrote, means for who uses Slipway. Pure.
Error error_of(const Location& location, const Credentials& credentials, const std::string& errors);

/// The configuration that git is given and no other. Holds secrets. Pure.
std::string configuration_of(const Location& location, const Credentials& credentials);

}  // namespace slipway::git

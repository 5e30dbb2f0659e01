#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/assembly/assembly.h"
#include "controller/assembly/surroundings.h"
#include "controller/manifests/folder_object_store.h"
#include "controller/standalone/git_manifests.h"
#include "controller/telemetry/metrics.h"
#include "crds/base/result.h"

namespace slipway::standalone {

/// Which commit an installation reads.
enum class GitUse {
  InForce,  ///< Whatever is in force; there may be none before look() of git().
  Newest,   ///< The newest commit, asked for when it is opened; what is in force stays.
  Known,    ///< What is in force; without any, the newest commit.
};

struct InstallationOptions {
  manifests::ManifestFolderOptions manifests;
  std::optional<GitOptions> git;  ///< Instead of the path in `manifests`.
  GitUse git_use = GitUse::InForce;
  std::string state;         ///< State database; empty: by folder, under the user's XDG state folder.
  std::string audit_folder;  ///< Of the audit log; empty: beside the state database.
  bool only_look = false;    ///< What is stored is read, and nothing is written to it.
  std::string controller_namespace = "slipway-system";
  std::string publisher_id;   ///< Empty: the URL of the manifests.
  bool one_shot = false;      ///< The process ends with its work: deadlines count from its start.
  bool single_owner = false;  ///< Who runs it wrote every resource: credentials of the environment read any source.
  std::map<std::string, std::string> environment;  ///< Of the process: proxies, credentials.
};

/// Every part of Slipway over a manifest folder, put together: with its state. Thread-safe.
class Installation {
 public:
  /// Invalid or NotFound for wrong paths, Invalid for a variable that names no proxy, Unavailable when the state or the
  /// audit log cannot be opened, Integrity when the audit log is not as it was written. Reads no manifest yet. `stop`
  /// is for asking a Git repository and, as long as it lives, docker's credential helpers.
  static Result<std::unique_ptr<Installation>> open(const InstallationOptions& options,
                                                    const assembly::Surroundings& surroundings,
                                                    const std::stop_token& stop = {});
  ~Installation();
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;

  manifests::FolderObjectStore& objects();
  /// Null when the manifests are no repository's.
  GitManifests* git();
  /// The state database, whether it is there or not.
  std::filesystem::path state() const;
  /// Another file has the name of the state database that is open.
  bool state_was_replaced() const;
  /// Another process of this machine keeps the same state by its work (run, publish). Absent where that can't be told.
  std::optional<bool> is_somebody_at_work() const;
  /// The reconcilers over it.
  assembly::Assembly& assembly();
  /// How many resources of each kind are ready and how many are not.
  std::vector<telemetry::ReadyCount> ready_counts();

 private:
  struct Parts;
  explicit Installation(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace slipway::standalone

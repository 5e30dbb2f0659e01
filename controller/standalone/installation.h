#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/manifests/folder_object_store.h"
#include "controller/runtime/signs_of_life.h"
#include "controller/runtime/worker_pool.h"
#include "controller/standalone/git_manifests.h"
#include "controller/standalone/long_visits.h"
#include "controller/telemetry/log.h"
#include "controller/telemetry/metrics.h"
#include "crds/base/result.h"
#include "reconcilers/ports/progress_watcher.h"
#include "reconcilers/ports/recorder.h"
#include "reconcilers/publish/reconciler.h"

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
  std::string state;       ///< State database; empty: by folder, under the user's XDG state folder.
  bool only_look = false;  ///< What is stored is read, and nothing is written to it.
  std::string controller_namespace = "slipway-system";
  std::string publisher_id;   ///< Empty: the URL of the manifests.
  bool one_shot = false;      ///< The process ends with its work: deadlines count from its start.
  bool single_owner = false;  ///< Who runs it wrote every resource: credentials of the environment read any source.
  std::map<std::string, std::string> environment;  ///< Of the process: proxies, credentials.
};

/// What the surroundings give. All outlive the installation.
struct InstallationHands {
  telemetry::Log& log;
  telemetry::Metrics& metrics;
  Recorder& recorder;
  ProgressWatcher& progress;
  const Clock& clock;
  /// Told whom a visit waits for, as LongVisits says; who wants to know watches long_visits(). May be empty.
  std::function<void(const ObjectKey&, const std::string& hosts)> on_wait{};
};

/// Every part of Slipway over a manifest folder, put together: the one place that knows them all. Thread-safe.
class Installation {
 public:
  /// Invalid or NotFound for wrong paths, Invalid for a variable that names no proxy, Unavailable when the state cannot
  /// be opened. Reads no manifest yet. `stop` is for asking a Git repository.
  static Result<std::unique_ptr<Installation>> open(const InstallationOptions& options, const InstallationHands& hands,
                                                    const std::stop_token& stop = {});
  ~Installation();
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;

  manifests::FolderObjectStore& objects();
  /// Null when the manifests are no repository's.
  GitManifests* git();
  /// Why the state could not be written when it was tried last; absent when it could.
  std::optional<Error> write_failure() const;
  /// Another file has the name of the state database that is open.
  bool state_was_replaced() const;
  /// Of requests and transfers; visits and looks at the folder are for whoever makes them to add.
  runtime::SignsOfLife& signs();
  /// Nothing is marked until somebody watches.
  LongVisits& long_visits();
  publish::PublishReconciler& publisher();
  /// Of every kind.
  runtime::ReconcilersByKind reconcilers();
  /// How many resources of each kind are ready and how many are not.
  std::vector<telemetry::ReadyCount> ready_counts();

 private:
  struct Parts;
  explicit Installation(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace slipway::standalone

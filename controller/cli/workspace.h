#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/cli/console.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"
#include "controller/runtime/system_clock.h"
#include "controller/standalone/installation.h"
#include "controller/telemetry/recorders.h"

namespace slipway::cli {

enum class StateUse { Keep, OnlyLook };

/// What the options of a verb mean for an installation.
standalone::InstallationOptions installation_options(const FolderOptions& folder, const Console& console, StateUse use);

/// The Git repository that is named, if it is one. Usage errors are found when it is opened.
std::optional<standalone::GitOptions> git_options(const std::string& path, const GitFlags& flags);

/// Warns whoever asks what is known where nothing is: the state database is not there.
void warn_of_no_state(const standalone::Installation& installation, const Console& console);

/// Publications of everything that was read, by namespace and name.
std::vector<ObjectKey> publication_keys(const manifests::FolderObjectStore& objects);

/// Tells why it could not begin. What is named wrongly is bad usage.
ExitCode cannot_begin(const Error& error, const Console& console);

/// Says that nothing is there to publish: a mistake, unless the folder may be empty.
ExitCode no_publication(const FolderOptions& folder, const Console& console);

/// Who shows nothing.
class NoProgress final : public ProgressWatcher {
 public:
  void progress(const ObjectKey& /*object*/, const TransferProgress& /*progress*/) override {}
};

struct Looking {
  standalone::GitUse git = standalone::GitUse::Known;                      ///< Which commit of a Git repository.
  std::stop_token stop = {};                                               ///< Of asking it.
  std::function<void(const ObjectKey&, const std::string&)> on_wait = {};  ///< As Surroundings have it.
};

/// An installation for verbs that look once at what is there and was known: quiet, and nothing is written.
class LookingGlass {
 public:
  /// Opens and reads. The errors are those of Installation::open() and of FolderObjectStore::refresh().
  static Result<std::unique_ptr<LookingGlass>> open(const FolderOptions& folder, const Console& console,
                                                    const Clock& clock, Looking looking = {});
  standalone::Installation& installation() { return *installation_; }
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  explicit LookingGlass(const Clock& clock);
  telemetry::Log log_;
  telemetry::Metrics metrics_;
  telemetry::LogRecorder recorder_;
  NoProgress progress_;
  std::unique_ptr<standalone::Installation> installation_;
  std::vector<Problem> problems_;
};

}  // namespace slipway::cli

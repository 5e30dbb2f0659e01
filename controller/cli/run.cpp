#include "controller/cli/run.h"

#include "controller/cli/log_options.h"
#include "controller/cli/workspace.h"
#include "controller/runtime/signals.h"
#include "controller/standalone/service.h"
#include "controller/telemetry/recorders.h"

namespace slipway::cli {

namespace {

/// Says in the log what a person should see of a transfer.
class LoggedProgress final : public ProgressWatcher {
 public:
  explicit LoggedProgress(telemetry::Log& log) : log_(log) {}
  void progress(const ObjectKey& object, const TransferProgress& progress) override {
    if (!progress.note.empty()) log_.info(progress.note, {{"object", to_string(object)}});
  }

 private:
  telemetry::Log& log_;
};

}  // namespace

ExitCode run(const RunOptions& options, const Console& console) {
  const bool is_git = git_options(options.folder.path, options.folder.git).has_value();
  runtime::Nudge hangup;
  const runtime::Signals signals{is_git ? &hangup : nullptr};
  const runtime::SystemClock clock;
  telemetry::Log log{clock, log_options(options.log, console)};
  telemetry::Metrics metrics{SLIPWAY_VERSION};
  telemetry::LogRecorder recorder{log};
  LoggedProgress progress{log};
  const assembly::Surroundings hands{log, metrics, recorder, progress, clock};
  const auto installation =
      standalone::Installation::open(installation_options(options.folder, console, StateUse::Keep), hands);
  if (!installation) return cannot_begin(installation.error(), console);
  const auto served = standalone::serve(**installation,
                                        {.listen = options.listen,
                                         .workers = options.workers,
                                         .ask_git_every = options.git_interval,
                                         .ask_git_now = &hangup},
                                        hands, signals.stop_token());
  return served ? ExitCode::Ok : cannot_begin(served.error(), console);
}

}  // namespace slipway::cli

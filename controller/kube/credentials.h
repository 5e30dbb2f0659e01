#pragma once

#include <condition_variable>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/kube/cluster_access.h"
#include "controller/kube/exec_plugin.h"
#include "controller/runtime/guarded.h"
#include "crds/base/result.h"
#include "crds/base/time.h"
#include "reconcilers/ports/clock.h"

namespace slipway::kube {

/// What requests are sent with at some moment.
struct Identity {
  SecretText token;
  std::string certificate;  ///< PEM.
  SecretText key;           ///< PEM.
  std::string authority;    ///< PEM; empty: the system's.
  bool operator==(const Identity&) const = default;
};

/// The identity of one ClusterAccess, kept fresh: files are read again after a minute and after a refusal, the plugin
/// runs again when what it gave is about to end or was refused. While one caller does that the others wait, each until
/// its own `stop` asks (Cancelled). What can't be read is used on as it was, as long as it was not refused.
/// Thread-safe.
class Credentials {
 public:
  /// How the plugin is run: run_exec_plugin(), or a test's.
  using RunPlugin = std::function<Result<ExecCredential>(const ClusterAccess& access, const std::string& authority,
                                                         const std::stop_token& stop)>;

  /// Both outlive it.
  Credentials(const ClusterAccess& access, const Clock& clock, RunPlugin run_plugin);

  /// Unauthorized or Invalid when there is nothing to send, naming file or plugin; never shows what is in them.
  Result<Identity> current(const std::stop_token& stop);
  /// The API server did not take `used` (401).
  void refused(const Identity& used);

 private:
  struct State {
    std::optional<Identity> kept;
    std::optional<ExecCredential> from_plugin;
    Timestamp read_again{};
    bool is_refused = false;
    bool is_reading = false;  ///< Somebody is at it, without the lock.
  };
  class Reading;

  Result<Identity> fresh(State& state, const std::stop_token& stop) const;
  Result<void> add_user(State& state, Identity& identity, const std::stop_token& stop) const;
  Result<void> add_plugin(State& state, Identity& identity, const std::stop_token& stop) const;
  bool is_about_to_end(const ExecCredential& credential) const;
  bool may_use(const State& state) const;

  const ClusterAccess& access_;
  const Clock& clock_;
  const RunPlugin run_plugin_;
  std::condition_variable_any changed_;
  runtime::Guarded<State> state_;
};

/// The material's text: PEM or a token. Unauthorized when its file can't be read, Invalid over 1 MiB.
Result<std::string> contents_of(const Material& material);

}  // namespace slipway::kube

#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/runtime/backoff.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/nudge.h"
#include "controller/standalone/git_manifests.h"
#include "controller/standalone/installation.h"

namespace slipway::standalone {

/// How long until the repository is asked again: the interval, after failures a back-off that never exceeds it by more
/// than its jitter, so that many controllers do not ask at once. Pure.
std::chrono::milliseconds next_round(std::chrono::milliseconds interval, unsigned failures, double roll);

/// Asks the repository now and then, says what came of it, and has what is in force read. What is told once is not
/// told again until it changes. The questions about it are thread-safe.
class GitRounds {
 public:
  struct Hands {
    GitManifests& manifests;
    telemetry::Log& log;
    telemetry::Metrics& metrics;
    const Clock& clock;
    /// Reads what is in force; called after each round as long as there is any.
    std::function<void()> read;
    /// Told that the thread is alive: at least each minute, and all the while that a repository is waited for.
    std::function<void()> alive;
  };
  GitRounds(Hands hands, std::chrono::milliseconds interval) : hands_(std::move(hands)), interval_(interval) {}

  /// One round. The error is that of the look; it has been told.
  Result<void> round(const std::stop_token& stop);
  /// Rounds until `stop` asks; a nudge brings the next one forward.
  void run(runtime::Nudge& now, const std::stop_token& stop);

  /// Why nothing is in force; absent when something is.
  std::optional<Error> why_nothing() const;
  /// What a person should know although it works: a commit that was not taken, a repository that can't be asked.
  std::optional<std::string> note() const;

 private:
  struct Told {
    std::optional<Error> failure;
    std::optional<git::Refusal> refused;
    bool is_in_force = false;
    unsigned failures = 0;
  };
  void tell_failure(const Error& error);
  void tell(const git::Look& look);

  const Hands hands_;
  const std::chrono::milliseconds interval_;
  runtime::Guarded<Told> told_;
};

}  // namespace slipway::standalone

#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>

#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"
#include "controller/telemetry/log.h"
#include "reconcilers/ports/object_store.h"

namespace slipway::assembly {

/// Says when the state cannot be written: in the log, and to who asks whether the program can work. What lies at the
/// object alone is no such failure: its edit (Conflict), a status that can't be stored (Internal, Invalid), or a policy
/// about it (Refused); nor is a visit that was stopped (Cancelled), nor are those of few objects that fail
/// while others' can be written, until their own are. Thread-safe.
class WatchedWriter final : public ObjectWriter {
 public:
  /// What can't be written is tried again sooner than that (runtime::BackoffLimits), as long as it is this process's.
  static constexpr std::chrono::minutes kOldNews{10};
  /// More objects than that don't lie at themselves.
  static constexpr std::size_t kMostOdd = 2;

  /// All outlive it.
  WatchedWriter(ObjectWriter& next, telemetry::Log& log, const runtime::SteadyClock& steady)
      : next_(next), log_(log), steady_(steady) {}
  Result<void> write_status(const ImagePublication& object) override;
  Result<void> write_status(const ContainerRegistry& object) override;
  Result<void> write_status(const RetentionPolicy& object) override;
  Result<void> set_finalizer(const ObjectKey& key, bool wanted) override;
  Result<void> remove(const ImagePublication& object) override;

  /// Why writing fails; absent when it goes well, or failed long ago.
  std::optional<Error> failure() const;

 private:
  struct Failure {
    ObjectKey object;
    Error error;
    runtime::SteadyClock::Time at;
  };
  struct State {
    std::optional<Failure> failure;
    /// When those last failed that did so while another object's write went well; theirs has not since.
    std::map<ObjectKey, runtime::SteadyClock::Time> odd;
  };
  Result<void> watched(Result<void> written, const ObjectKey& key);
  static void note_success(State& state, const ObjectKey& key);
  void note_failure(State& state, const ObjectKey& key, const Error& error);

  ObjectWriter& next_;
  telemetry::Log& log_;
  const runtime::SteadyClock& steady_;
  runtime::Guarded<State> state_;
};

}  // namespace slipway::assembly

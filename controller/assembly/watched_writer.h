#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "controller/assembly/object_failure.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"
#include "controller/telemetry/log.h"
#include "reconcilers/ports/object_store.h"

namespace slipway::assembly {

/// Says when the state cannot be written: in the log, and to who asks whether the program can work. What lies at the
/// object alone is no such failure: its edit (Conflict), a status that can't be stored (Internal, Invalid), or a policy
/// about it (Refused); nor is a visit that was stopped (Cancelled), nor are those of few objects that fail
/// while others' can be written, until their own are, nor those of any while something else was written just now, nor
/// those of one namespace of several. Thread-safe.
class WatchedWriter final : public ObjectWriter {
 public:
  /// More objects than that don't lie at themselves.
  static constexpr std::size_t kMostOdd = 2;
  /// As long as something was written within that time, not nothing can be.
  static constexpr std::chrono::minutes kJustNow{1};

  /// All outlive it.
  WatchedWriter(ObjectWriter& next, telemetry::Log& log, const runtime::SteadyClock& steady,
                ObjectFailure::IsOurs is_ours = nullptr)
      : next_(next), log_(log), steady_(steady), is_ours_(std::move(is_ours)) {}
  Result<void> write_status(const ImagePublication& object) override;
  Result<void> write_status(const ContainerRegistry& object) override;
  Result<void> write_status(const RetentionPolicy& object) override;
  Result<void> set_finalizer(const ObjectKey& key, bool wanted) override;
  Result<void> remove(const ImagePublication& object) override;

  /// Why writing fails; absent when it goes well, or failed long ago, or for an object that went to another process.
  std::optional<Error> failure() const;

 private:
  struct State {
    std::optional<ObjectFailure> failure;
    std::optional<runtime::SteadyClock::Time> written;  ///< When something was, last.
    /// When those last failed that did so while another object's write went well; theirs has not since.
    std::map<ObjectKey, runtime::SteadyClock::Time> odd;
    /// Whose objects failed since something was written, and when last. What belongs to no namespace has an empty one.
    std::map<std::string, runtime::SteadyClock::Time> failing;
    std::optional<std::string> first_namespace;  ///< That was written to, or tried.
    bool has_several_namespaces = false;
  };
  Result<void> watched(Result<void> written, const ObjectKey& key);
  static void note_namespace(State& state, const std::string& name);
  static bool is_of_whole(const State& state);
  void note_success(State& state, const ObjectKey& key) const;
  void note_failure(State& state, const ObjectKey& key, const Error& error) const;

  ObjectWriter& next_;
  telemetry::Log& log_;
  const runtime::SteadyClock& steady_;
  const ObjectFailure::IsOurs is_ours_;
  runtime::Guarded<State> state_;
};

}  // namespace slipway::assembly

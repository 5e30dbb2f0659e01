#pragma once

#include <optional>

#include "controller/runtime/guarded.h"
#include "controller/telemetry/log.h"
#include "reconcilers/ports/object_store.h"

namespace slipway::assembly {

/// Says when the state cannot be written: in the log, and to who asks whether the program can work. What lies at the
/// object alone is no such failure: its edit (Conflict), or a status that can't be stored (Internal, Invalid); nor is a
/// visit that was stopped (Cancelled). Thread-safe.
class WatchedWriter final : public ObjectWriter {
 public:
  /// Both outlive it.
  WatchedWriter(ObjectWriter& next, telemetry::Log& log) : next_(next), log_(log) {}
  Result<void> write_status(const ImagePublication& object) override;
  Result<void> write_status(const ContainerRegistry& object) override;
  Result<void> write_status(const RetentionPolicy& object) override;
  Result<void> set_finalizer(const ObjectKey& key, bool wanted) override;
  Result<void> remove(const ImagePublication& object) override;

  /// Why the latest write failed; absent when it went well.
  std::optional<Error> failure() const { return *failure_.lock(); }

 private:
  Result<void> watched(Result<void> written, const ObjectKey& key);

  ObjectWriter& next_;
  telemetry::Log& log_;
  runtime::Guarded<std::optional<Error>> failure_;
};

}  // namespace slipway::assembly

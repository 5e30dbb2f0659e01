#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "controller/runtime/guarded.h"
#include "controller/telemetry/log.h"
#include "controller/telemetry/metrics.h"
#include "crds/base/result.h"
#include "reconcilers/ports/audit_log.h"
#include "reconcilers/ports/clock.h"

namespace slipway::assembly {

/// An audit log of which people are told: how much is recorded, what fails, and now and then its last record, so that
/// it is known elsewhere too. Thread-safe.
class KeptAudit : public AuditLog {
 public:
  /// Why nothing could be recorded when it was tried last; absent when it could.
  virtual std::optional<Error> failure() const = 0;
  /// The same, after another try where that failed. Waits for the disk.
  virtual std::optional<Error> try_again() = 0;
};

/// All outlive the audit log.
struct AuditSurroundings {
  telemetry::Log& log;
  telemetry::Metrics& metrics;
  const Clock& clock;
};

/// Opens the log in `folder` (made when it is not there), or on standard output when that is empty, for a process that
/// publishes as `publisher`. Integrity when what is there is not as it was written, Unavailable when it can't be used.
Result<std::unique_ptr<KeptAudit>> open_audit_log(const std::filesystem::path& folder, const std::string& publisher,
                                                  const AuditSurroundings& surroundings);

/// Of a process that changes nothing: a change is Internal.
std::unique_ptr<KeptAudit> no_audit_log();

}  // namespace slipway::assembly

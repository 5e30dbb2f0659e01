#pragma once

#include <utility>

#include "controller/assembly/audit_log.h"

namespace slipway::cluster {

/// The audit log as far as tenants see it: what their objects say of a failure names no path, flag or host of the
/// controller's. The log lines, /readyz and failure() do. As thread-safe as `next`.
class TenantsAudit final : public assembly::KeptAudit {
 public:
  /// `next` outlives it.
  explicit TenantsAudit(assembly::KeptAudit& next) : next_(next) {}

  Result<std::vector<AuditNumber>> intend(const AuditSubject& who, const std::vector<AuditChange>& changes) override {
    auto noted = next_.intend(who, changes);
    // Its own share of the log is a tenant's business.
    if (noted || noted.error().cls == ErrorClass::QuotaExceeded) return noted;
    Error error = std::move(noted.error());
    error.message = "the audit log can't be written";
    error.remedy = "tell who runs Slipway, whose log says why; it is tried again by itself";
    return std::unexpected(std::move(error));
  }
  void ended(AuditNumber change, const Result<void>& how) override { next_.ended(change, how); }
  std::optional<Error> failure() const override { return next_.failure(); }
  std::optional<Error> try_again() override { return next_.try_again(); }

 private:
  assembly::KeptAudit& next_;
};

}  // namespace slipway::cluster

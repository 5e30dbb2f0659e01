#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "controller/assembly/audit_log.h"
#include "controller/audit/namespace_shares.h"
#include "controller/runtime/guarded.h"

namespace slipway::assembly {

/// An audit log whose volume no namespace fills alone: who has to leave the rest to others (NamespaceShares) is
/// QuotaExceeded, which is logged once and counted as a time that nothing could be recorded; it is no failure() of the
/// log. What takes something away, which follows from what was recorded before, is never held back. Thread-safe.
class SharedAudit final : public KeptAudit {
 public:
  /// Bytes that are left on the volume; nothing where that is not known, and then nobody is held back.
  using Room = std::function<std::optional<std::int64_t>()>;

  SharedAudit(std::unique_ptr<KeptAudit> next, Room room, const AuditSurroundings& surroundings)
      : next_(std::move(next)), room_(std::move(room)), surroundings_(surroundings) {}

  Result<std::vector<AuditNumber>> intend(const AuditSubject& who, const std::vector<AuditChange>& changes) override;
  void ended(AuditNumber change, const Result<void>& how) override { next_->ended(change, how); }
  std::optional<Error> failure() const override { return next_->failure(); }
  std::optional<Error> try_again() override { return next_->try_again(); }

 private:
  struct State {
    audit::NamespaceShares shares;
    std::set<std::string> held;  ///< Told in the log.
  };
  Result<void> check(const audit::NamespaceShares::Part& part);

  const std::unique_ptr<KeptAudit> next_;
  const Room room_;
  const AuditSurroundings surroundings_;
  runtime::Guarded<State> state_;
};

/// The room on the volume of a folder.
SharedAudit::Room room_of(std::filesystem::path folder);

}  // namespace slipway::assembly

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconcilers/ports/audit_log.h"

namespace slipway::tests {

/// Keeps what is accounted for. One thread.
class InMemoryAudit final : public AuditLog {
 public:
  struct Entry {
    AuditSubject who;
    AuditChange what;
    std::string how;  ///< "Done", the class of the error, or "" as long as it has not ended.
  };

  Result<std::vector<AuditNumber>> intend(const AuditSubject& who, const std::vector<AuditChange>& changes) override {
    ++asked;
    if (failure) return std::unexpected(*failure);
    std::vector<AuditNumber> numbers;
    for (const auto& change : changes) {
      entries.push_back({who, change, ""});
      numbers.push_back(static_cast<AuditNumber>(entries.size()));
    }
    return numbers;
  }
  void ended(AuditNumber change, const Result<void>& how) override {
    entries.at(static_cast<std::size_t>(change - 1)).how = how ? "Done" : std::string(to_string(how.error().cls));
  }

  std::vector<Entry> entries;
  int asked = 0;  ///< How often it was waited for.
  std::optional<Error> failure;
};

}  // namespace slipway::tests

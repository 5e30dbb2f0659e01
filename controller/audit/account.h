#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/audit/chain.h"
#include "controller/audit/record.h"

namespace slipway::audit {

/// One change with its end, out of the two records that tell of it.
struct Change {
  std::int64_t record = 0;  ///< Of the intent.
  Timestamp at{};
  Intent intent;
  std::optional<Timestamp> ended_at;  ///< Absent: it has no outcome and may have happened.
  std::optional<Outcome> outcome;
};

/// "Done", "Refused", "Unknown", or "Open" without an outcome.
std::string_view result_of(const Change& change);

/// Which changes are asked for; what is absent or empty asks for all.
struct ChangeFilter {
  std::optional<Timestamp> since;
  std::string namespace_name;  ///< Of the object that asked.
  std::string repository;      ///< A pattern of repositories, with the registry's host in front or without.
  std::optional<AuditAction> action;
};

/// Puts intents and outcomes together. One thread at a time.
class Account {
 public:
  explicit Account(ChangeFilter filter) : filter_(std::move(filter)) {}

  /// A record; Invalid when this version does not know what it says.
  Result<void> take(const SealedLine& line);
  /// In the order in which they were intended.
  const std::vector<Change>& changes() const { return changes_; }

 private:
  bool is_asked_for(const Record& record, const Intent& intent) const;

  const ChangeFilter filter_;
  std::vector<Change> changes_;
  std::map<std::int64_t, std::size_t> open_;
};

/// The change as a person's program reads it: the members of the intent with `result`, `endedAt` and `error`.
Node to_node(const Change& change);
/// A line for each under a header (RFC 4180). Cells that a spreadsheet would take for a formula begin with an
/// apostrophe.
std::string to_csv(const std::vector<Change>& changes);

}  // namespace slipway::audit

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "crds/base/document.h"
#include "crds/base/time.h"
#include "reconcilers/ports/audit_log.h"

/// What the records of the audit log say (docs/reference/audit.md).
namespace slipway::audit {

/// A process began to write.
struct Started {
  std::string version;  ///< Of Slipway.
  std::string replica;
  bool operator==(const Started&) const = default;
};

/// A change is about to be made.
struct Intent {
  AuditSubject who;
  AuditChange what;
  std::string publisher;     ///< As records at the registry name it.
  std::string reconcile_id;  ///< As log lines have it.
  bool operator==(const Intent&) const = default;
};

enum class Ending {
  Done,
  Refused,  ///< It did not happen.
  Unknown,  ///< It may have happened.
};

/// How an intended change ended.
struct Outcome {
  std::int64_t of = 0;  ///< The record of the intent.
  Ending ending = Ending::Done;
  std::string error;  ///< Of one that is not done: class and message.
  bool operator==(const Outcome&) const = default;
};

/// Half a record was found at the end, of a writer that was killed, and cut off.
struct Mended {
  std::int64_t bytes = 0;
  std::string digest;  ///< Of what was cut off.
  bool operator==(const Mended&) const = default;
};

struct Record {
  Timestamp at{};
  std::variant<Started, Intent, Outcome, Mended> content;
  bool operator==(const Record&) const = default;
};

/// What an error says about the change that it ended.
Outcome outcome_of(std::int64_t intent, const Result<void>& how);

std::string_view to_string(AuditAction action);
std::optional<AuditAction> action_named(std::string_view text);
std::string_view to_string(Ending ending);

/// The members of the record, without those of its place in the chain, as they follow each other in a line.
std::vector<Node::Member> members_of(const Record& record);
/// The record in a line's members; Invalid when it says nothing that this version knows.
Result<Record> record_from(const Node& line);

}  // namespace slipway::audit

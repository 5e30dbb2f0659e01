#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/runtime/guarded.h"
#include "reconcilers/ports/audit_log.h"
#include "reconcilers/ports/image_store.h"

namespace slipway::registry {

/// Who asks for the changes of a repository, and where they are accounted for.
struct AuditedBy {
  AuditLog* log = nullptr;  ///< Null: nobody asks for an account. Outlives who notes.
  AuditSubject who;
};

/// Has each change of one repository in the audit log before it is made, with what was seen of it before. Thread-safe.
class NotedChanges {
 public:
  NotedChanges(AuditedBy audited, std::string host, std::string repository);
  /// What was announced and did not come is said not to have been tried.
  ~NotedChanges();
  NotedChanges(const NotedChanges&) = delete;
  NotedChanges& operator=(const NotedChanges&) = delete;

  /// What a tag was found to name; nothing: there is no such tag.
  void saw(const std::string& tag, const std::optional<Digest>& digest);
  /// Notes them at once; begin() of each finds them noted. Unavailable: none is.
  Result<void> announce(const std::vector<ComingChange>& changes);
  /// The change may be made now, unless this is an error. Absent where nobody asks for an account.
  Result<std::optional<AuditNumber>> begin(const ComingChange& change);
  void end(const ComingChange& change, std::optional<AuditNumber> number, const Result<void>& how);

 private:
  struct State {
    std::map<std::string, std::optional<Digest>> seen;
    std::map<ComingChange, AuditNumber> announced;
  };

  AuditChange describe(const ComingChange& change) const;
  Result<std::vector<AuditNumber>> intend(const std::vector<AuditChange>& changes);

  const AuditedBy audited_;
  const std::string host_;
  const std::string repository_;
  runtime::Guarded<State> state_;
};

}  // namespace slipway::registry

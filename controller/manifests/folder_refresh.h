#pragma once

#include <string>
#include <utility>
#include <vector>

#include "controller/manifests/folder_world.h"
#include "controller/manifests/manifest_folder.h"
#include "controller/manifests/state_database.h"
#include "reconcilers/ports/clock.h"

namespace slipway::manifests {

/// Brings a reading and the state database together. For each object of ours:
///
///   in the reading   row               -> what follows
///   yes, changed     none, or another  -> the row is written: a new object, or the next generation
///   yes, a field     there             -> in force as before, and problems (unchangeable.h)
///   that can't be
///   yes, as before   another           -> another process saw it changed: in force as it saw it
///   yes or no        being deleted     -> in force as it was, being deleted, until its finalizer is off
///   no, unsettled    there             -> in force as before; after a start only when its file is broken
///   no, unsettled    none              -> another process has deleted it: gone
///   no, settled      there             -> deleted, when it came from this folder
///
/// Namespaces, Secrets and ConfigMaps have no rows: they stay until a settled reading lacks them.
class FolderRefresh {
 public:
  /// All outlive the refresh. Adds to the problems of `reading`.
  FolderRefresh(const ManifestFolder& folder, ManifestReading& reading, StateDatabase& state, const Clock& clock)
      : folder_(folder), reading_(reading), state_(state), clock_(clock) {}

  /// The world that follows `before`. Errors are the database's; what was written by then is found again next time.
  Result<FolderWorld> run(const FolderWorld& before);
  /// What run() deleted.
  std::vector<GoneObject> gone() && { return std::move(gone_); }

 private:
  /// `row` is null for a new object. An edit of what can't be changed is problems instead, and `object` becomes what
  /// stays in force: whether something was sent is asked at the moment of writing, for a visit may be about to.
  Result<void> remember(const ObjectKey& key, OwnedObject& object, const StateRow* row);
  /// What was read as `object`, if it changes what can't be changed of `row`; else null.
  const ManifestResource* edited_for_good(const StateRow& row, const OwnedObject& object) const;
  Result<void> judge(const StateRow& row, const FolderWorld& before);
  Result<void> delete_or_keep(const StateRow& row);
  Result<void> go_on_deleting(const StateRow& row, const FolderWorld& before);
  bool is_broken(const std::string& origin) const;

  const ManifestFolder& folder_;
  ManifestReading& reading_;
  StateDatabase& state_;
  const Clock& clock_;
  FolderWorld now_;
  std::vector<GoneObject> gone_;
};

}  // namespace slipway::manifests

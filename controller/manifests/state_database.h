#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/result.h"
#include "crds/base/time.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway::manifests {

/// What is kept of one object.
struct StateRow {
  ObjectKey key;
  std::string uid;
  std::int64_t generation = 0;
  std::string spec_hash;
  std::string status;         ///< JSON; empty before the first write.
  std::int64_t revision = 0;  ///< Counts writes; the object's resourceVersion.
  Timestamp created_at;
  std::optional<Timestamp> deleted_at;
  bool has_finalizer = false;
  std::string last_object;      ///< JSON of the object as last read, without status.
  std::string base_folder;      ///< Where its relative paths start.
  std::string origin;           ///< The file it was read from.
  std::string source_revision;  ///< Of the Git commit that brought `last_object`; empty outside of Git.
  bool operator==(const StateRow&) const = default;
};

/// What is known of the objects of a folder between runs: an SQLite file (WAL, mode 0600). Survives SIGKILL at any
/// moment; two processes on one file are safe. Thread-safe.
class StateDatabase {
 public:
  /// Opens or makes the database. Invalid when the file is not one of ours or was written by a newer version,
  /// Unavailable when it cannot be opened or is busy for longer than 10 s.
  static Result<StateDatabase> open(const std::filesystem::path& file);
  /// A copy in memory, for who only looks: what is written to it is forgotten. Without a file it is empty.
  static Result<StateDatabase> open_copy(const std::filesystem::path& file);

  StateDatabase(StateDatabase&&) noexcept;
  StateDatabase& operator=(StateDatabase&&) noexcept;
  ~StateDatabase();

  Result<std::optional<StateRow>> find(const ObjectKey& key);
  Result<std::vector<StateRow>> all();
  /// The row after the object was read from a file: a new row has generation 1, another `spec_hash` counts one up. A
  /// deletion that is under way goes on first, as in a cluster: its row stays as it is, and the object is new when it
  /// is seen after that.
  struct Seen {
    ObjectKey key;
    std::string spec_hash;
    std::string new_uid;  ///< For a new row.
    std::string object;   ///< JSON, for when the object is deleted later.
    std::string base_folder;
    std::string origin;
    std::string source_revision = {};  ///< Kept if the object is new or another than before.
    Timestamp at;
  };
  Result<StateRow> see(const Seen& seen);
  using Condition = std::function<bool(const std::vector<StateRow>&)>;
  /// As see(), if `may` says yes of all rows as they are at that moment: nobody writes between the two. Nothing when it
  /// says no. Without `may` it is see().
  Result<std::optional<StateRow>> see_if(const Seen& seen, const Condition& may);
  /// A status and the object that it was made for, as it was loaded.
  struct StatusOf {
    ObjectKey key;
    std::string uid;
    std::int64_t generation = 0;
    std::int64_t revision = 0;
    std::string status;
  };
  /// Writes the status if it differs. Conflict when the row is gone, has another uid or generation, or another process
  /// wrote it since that revision; what was written through this object since is no hindrance.
  Result<void> write_status(const StatusOf& written);
  /// Success when it is so already. NotFound when the row is gone. Taking it off a deleted object removes the row.
  Result<void> set_finalizer(const ObjectKey& key, bool wanted);
  /// The object is gone from the files: the row is removed, or marked as deleted at `at` when it has a finalizer. True
  /// when the row is still there.
  Result<bool> mark_deleted(const ObjectKey& key, Timestamp at);
  /// The file was removed, or another has its name: what is written goes where nobody finds it. Returns at once,
  /// whoever else is at work here; a copy in memory is never replaced.
  bool was_replaced() const;

 private:
  struct Connection;
  explicit StateDatabase(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

/// "$XDG_STATE_HOME/slipway" or "~/.local/state/slipway". Invalid when neither variable says where.
Result<std::filesystem::path> default_state_folder();

/// The database of a manifest folder inside the state folder, named by a hash of its canonical path.
std::filesystem::path state_file_of(const std::filesystem::path& state_folder, const std::filesystem::path& manifests);

}  // namespace slipway::manifests

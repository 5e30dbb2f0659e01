#include "controller/manifests/state_database.h"

#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <map>
#include <utility>

#include "controller/manifests/sqlite.h"
#include "controller/runtime/guarded.h"
#include "crds/base/digest.h"
#include "crds/base/text.h"

namespace slipway::manifests {

namespace {

constexpr std::int64_t kSchemaVersion = 2;
constexpr std::int64_t kApplicationId = 0x534C5059;  // "SLPY"

constexpr const char* kSchema =
    "CREATE TABLE objects (kind INTEGER NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL,"
    " generation INTEGER NOT NULL, spec_hash TEXT NOT NULL, status TEXT NOT NULL DEFAULT '',"
    " revision INTEGER NOT NULL DEFAULT 1, created_at INTEGER NOT NULL, deleted_at INTEGER,"
    " has_finalizer INTEGER NOT NULL DEFAULT 0, last_object TEXT NOT NULL DEFAULT '',"
    " base_folder TEXT NOT NULL DEFAULT '', origin TEXT NOT NULL DEFAULT '',"
    " source_revision TEXT NOT NULL DEFAULT '', PRIMARY KEY (kind, namespace, name)) WITHOUT ROWID;"
    "PRAGMA application_id = 1397510233; PRAGMA user_version = 2";

constexpr const char* kFromVersion1 =
    "ALTER TABLE objects ADD COLUMN source_revision TEXT NOT NULL DEFAULT ''; PRAGMA user_version = 2";

constexpr std::string_view kColumns =
    "SELECT kind, namespace, name, uid, generation, spec_hash, status, revision, created_at, deleted_at, has_finalizer,"
    " last_object, base_folder, origin, source_revision FROM objects";
constexpr std::string_view kOfKey = " WHERE kind = ? AND namespace = ? AND name = ?";

std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}

Timestamp time_of(std::int64_t milliseconds) {
  return Timestamp{std::chrono::milliseconds{milliseconds}};
}

Sqlite::Statement& bind_key(Sqlite::Statement& statement, const ObjectKey& key) {
  return statement.bind(static_cast<std::int64_t>(key.kind)).bind(key.namespace_name).bind(key.name);
}

StateRow row_of(const Sqlite::Statement& at) {
  StateRow row{.key = {static_cast<ResourceKind>(at.integer(0)), at.text(1), at.text(2)},
               .uid = at.text(3),
               .generation = at.integer(4),
               .spec_hash = at.text(5),
               .status = at.text(6),
               .revision = at.integer(7),
               .created_at = time_of(at.integer(8)),
               .deleted_at = {},
               .has_finalizer = at.integer(10) != 0,
               .last_object = at.text(11),
               .base_folder = at.text(12),
               .origin = at.text(13),
               .source_revision = at.text(14)};
  if (const auto deleted = at.optional_integer(9)) row.deleted_at = time_of(*deleted);
  return row;
}

Result<std::int64_t> pragma(const Sqlite& database, std::string_view sql) {
  auto statement = database.prepare(sql);
  if (!statement) return std::unexpected{statement.error()};
  const auto has_row = statement->step();
  if (!has_row) return std::unexpected{has_row.error()};
  return statement->integer(0);
}

Result<void> check_schema(const Sqlite& database, const std::filesystem::path& file) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::unexpected{transaction.error()};
  const auto version = pragma(database, "PRAGMA user_version");
  const auto application = pragma(database, "PRAGMA application_id");
  const auto tables = pragma(database, "SELECT count(*) FROM sqlite_master");
  if (!version) return std::unexpected{version.error()};
  if (!application) return std::unexpected{application.error()};
  if (!tables) return std::unexpected{tables.error()};
  const std::string name = "state database " + quoted(file.string(), 200);
  if (*version > kSchemaVersion && *application == kApplicationId) {
    return fail(ErrorClass::Invalid, name + " was written by a newer version of slipway",
                "use that version, or name another file with --state");
  }
  if (*application == kApplicationId && *version == kSchemaVersion) return {};
  if (*application == kApplicationId) {
    if (const auto changed = database.run(kFromVersion1); !changed) return changed;
    return transaction->commit();
  }
  if (*tables != 0 || *version != 0 || *application != 0) {
    return fail(ErrorClass::Invalid, name + " belongs to another program", "name another file with --state");
  }
  if (const auto made = database.run(kSchema); !made) return made;
  return transaction->commit();
}

Result<void> run_to_end(Result<Sqlite::Statement>& statement) {
  const auto stepped = statement->step();
  if (!stepped) return std::unexpected{stepped.error()};
  return {};
}

Result<std::optional<StateRow>> find_in(const Sqlite& database, const ObjectKey& key) {
  auto statement = database.prepare(std::string{kColumns} + std::string{kOfKey});
  if (!statement) return std::unexpected{statement.error()};
  bind_key(*statement, key);
  const auto has_row = statement->step();
  if (!has_row) return std::unexpected{has_row.error()};
  if (!*has_row) return std::nullopt;
  return row_of(*statement);
}

Result<std::vector<StateRow>> all_in(const Sqlite& database) {
  auto statement = database.prepare(std::string{kColumns} + " ORDER BY kind, namespace, name");
  if (!statement) return std::unexpected{statement.error()};
  std::vector<StateRow> rows;
  for (;;) {
    const auto has_row = statement->step();
    if (!has_row) return std::unexpected{has_row.error()};
    if (!*has_row) return rows;
    rows.push_back(row_of(*statement));
  }
}

Result<void> remove_row(const Sqlite& database, const ObjectKey& key) {
  auto statement = database.prepare("DELETE FROM objects" + std::string{kOfKey});
  if (!statement) return std::unexpected{statement.error()};
  bind_key(*statement, key);
  return run_to_end(statement);
}

Result<void> put_row(const Sqlite& database, const StateRow& row) {
  auto statement = database.prepare(
      "INSERT OR REPLACE INTO objects (kind, namespace, name, uid, generation, spec_hash, status, revision, created_at,"
      " deleted_at, has_finalizer, last_object, base_folder, origin, source_revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
      "?, ?, ?, ?, ?, ?, ?)");
  if (!statement) return std::unexpected{statement.error()};
  std::optional<std::int64_t> deleted;
  if (row.deleted_at) deleted = milliseconds(*row.deleted_at);
  bind_key(*statement, row.key).bind(row.uid).bind(row.generation).bind(row.spec_hash).bind(row.status);
  statement->bind(row.revision).bind(milliseconds(row.created_at)).bind(deleted);
  statement->bind(std::int64_t{row.has_finalizer ? 1 : 0}).bind(row.last_object).bind(row.base_folder);
  statement->bind(row.origin).bind(row.source_revision);
  return run_to_end(statement);
}

Result<void> put_status(const Sqlite& database, const ObjectKey& key, std::string_view status) {
  auto statement = database.prepare("UPDATE objects SET status = ?, revision = revision + 1" + std::string{kOfKey});
  if (!statement) return std::unexpected{statement.error()};
  statement->bind(status);
  bind_key(*statement, key);
  return run_to_end(statement);
}

StateRow row_after(const std::optional<StateRow>& before, const StateDatabase::Seen& seen) {
  if (before && before->deleted_at) return *before;
  StateRow row = before.value_or(StateRow{.key = seen.key, .uid = seen.new_uid, .revision = 1, .created_at = seen.at});
  if (row.spec_hash != seen.spec_hash) ++row.generation;
  if (row.last_object != seen.object || row.source_revision.empty() || seen.source_revision.empty())
    row.source_revision = seen.source_revision;
  row.spec_hash = seen.spec_hash;
  row.last_object = seen.object;
  row.base_folder = seen.base_folder;
  row.origin = seen.origin;
  return row;
}

/// What stays the same as long as it is the same file: device and number.
using Identity = std::pair<dev_t, ino_t>;

std::optional<Identity> identity_of(const std::filesystem::path& file) {
  struct stat seen{};
  if (::stat(file.c_str(), &seen) != 0) return std::nullopt;
  return Identity{seen.st_dev, seen.st_ino};
}

/// From one revision of a row to a later one.
struct Span {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

/// For each row, by its uid, the last writes that came from here one after another, with nobody else's in between.
class OwnWrites {
 public:
  void note(const std::string& uid, Span write) {
    const auto [known, is_new] = spans_.try_emplace(uid, write);
    if (is_new) return;
    if (known->second.to != write.from) known->second.from = write.from;
    known->second.to = write.to;
  }
  void note_or_forget(bool stays, const std::string& uid, Span write) {
    if (stays)
      note(uid, write);
    else
      spans_.erase(uid);
  }
  /// Whether nobody else wrote in that span.
  bool are_all(Span span, const std::string& uid) const {
    if (span.from == span.to) return true;
    const auto known = spans_.find(uid);
    return known != spans_.end() && known->second.from <= span.from && known->second.to == span.to;
  }

 private:
  std::map<std::string, Span> spans_;
};

}  // namespace

struct StateDatabase::Connection {
  explicit Connection(Sqlite opened) : held(Held{std::move(opened), {}}) {}
  Connection(Sqlite opened, std::filesystem::path name)
      : held(Held{std::move(opened), {}}), file(std::move(name)), identity(identity_of(file)) {}
  struct Held {
    Sqlite database;
    OwnWrites own;
  };
  runtime::Guarded<Held> held;
  const std::filesystem::path file;  ///< Empty for a copy in memory.
  const std::optional<Identity> identity;
};

StateDatabase::StateDatabase(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
StateDatabase::StateDatabase(StateDatabase&&) noexcept = default;
StateDatabase& StateDatabase::operator=(StateDatabase&&) noexcept = default;
StateDatabase::~StateDatabase() = default;

Result<StateDatabase> StateDatabase::open(const std::filesystem::path& file) {
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  auto database = Sqlite::open(file);
  if (!database) return std::unexpected{database.error()};
  if (const auto checked = check_schema(*database, file); !checked) return std::unexpected{checked.error()};
  return StateDatabase{std::make_unique<Connection>(std::move(*database), file)};
}

bool StateDatabase::was_replaced() const {
  return !connection_->file.empty() && identity_of(connection_->file) != connection_->identity;
}

Result<StateDatabase> StateDatabase::open_copy(const std::filesystem::path& file) {
  auto database = Sqlite::open_copy(file);
  if (!database) return std::unexpected{database.error()};
  if (const auto checked = check_schema(*database, file); !checked) return std::unexpected{checked.error()};
  return StateDatabase{std::make_unique<Connection>(std::move(*database))};
}

Result<std::optional<StateRow>> StateDatabase::find(const ObjectKey& key) {
  return find_in(connection_->held.lock()->database, key);
}

Result<std::vector<StateRow>> StateDatabase::all() {
  return all_in(connection_->held.lock()->database);
}

Result<StateRow> StateDatabase::see(const Seen& seen) {
  auto row = see_if(seen, {});
  if (!row) return std::unexpected{row.error()};
  return std::move(**row);
}

Result<std::optional<StateRow>> StateDatabase::see_if(const Seen& seen, const Condition& may) {
  const auto held = connection_->held.lock();
  auto transaction = Transaction::begin(held->database);
  if (!transaction) return std::unexpected{transaction.error()};
  if (may) {
    const auto rows = all_in(held->database);
    if (!rows) return std::unexpected{rows.error()};
    if (!may(*rows)) return std::nullopt;
  }
  const auto before = find_in(held->database, seen.key);
  if (!before) return std::unexpected{before.error()};
  StateRow row = row_after(*before, seen);
  if (*before == row) return row;
  if (*before) row.revision = (*before)->revision + 1;
  if (const auto put = put_row(held->database, row); !put) return std::unexpected{put.error()};
  if (const auto committed = transaction->commit(); !committed) return std::unexpected{committed.error()};
  if (*before) held->own.note(row.uid, {(*before)->revision, row.revision});
  return row;
}

Result<void> StateDatabase::write_status(const StatusOf& written) {
  const auto held = connection_->held.lock();
  auto transaction = Transaction::begin(held->database);
  if (!transaction) return std::unexpected{transaction.error()};
  auto row = find_in(held->database, written.key);
  if (!row) return std::unexpected{row.error()};
  if (!*row || (*row)->uid != written.uid || (*row)->generation != written.generation) {
    return fail(ErrorClass::Conflict, "writing the status of " + to_string(written.key) + ": it is gone or newer",
                "nothing to do: the new one is looked at by itself");
  }
  if ((*row)->status == written.status) return {};
  const std::int64_t revision = (*row)->revision;
  if (!held->own.are_all({written.revision, revision}, written.uid)) {
    return fail(ErrorClass::Conflict,
                "writing the status of " + to_string(written.key) + ": another process wrote it meanwhile",
                "nothing to do: it is looked at again by itself");
  }
  if (const auto put = put_status(held->database, written.key, written.status); !put) return put;
  if (const auto committed = transaction->commit(); !committed) return committed;
  held->own.note(written.uid, {revision, revision + 1});
  return {};
}

Result<void> StateDatabase::set_finalizer(const ObjectKey& key, bool wanted) {
  const auto held = connection_->held.lock();
  auto transaction = Transaction::begin(held->database);
  if (!transaction) return std::unexpected{transaction.error()};
  auto row = find_in(held->database, key);
  if (!row) return std::unexpected{row.error()};
  if (!*row && !wanted) return {};
  if (!*row) return fail(ErrorClass::NotFound, to_string(key) + " is gone", "nothing to do");
  if ((*row)->has_finalizer == wanted) return {};
  (*row)->has_finalizer = wanted;
  const std::int64_t revision = (*row)->revision++;
  const bool is_over = !wanted && (*row)->deleted_at;
  const auto changed = is_over ? remove_row(held->database, key) : put_row(held->database, **row);
  if (!changed) return changed;
  if (const auto committed = transaction->commit(); !committed) return committed;
  held->own.note_or_forget(!is_over, (*row)->uid, {revision, revision + 1});
  return {};
}

Result<bool> StateDatabase::mark_deleted(const ObjectKey& key, Timestamp at) {
  const auto held = connection_->held.lock();
  auto transaction = Transaction::begin(held->database);
  if (!transaction) return std::unexpected{transaction.error()};
  auto row = find_in(held->database, key);
  if (!row) return std::unexpected{row.error()};
  if (!*row) return false;
  const bool stays = (*row)->has_finalizer;
  if (stays && (*row)->deleted_at) return true;
  (*row)->deleted_at = at;
  const std::int64_t revision = (*row)->revision++;
  const auto changed = stays ? put_row(held->database, **row) : remove_row(held->database, key);
  if (!changed) return std::unexpected{changed.error()};
  if (const auto committed = transaction->commit(); !committed) return std::unexpected{committed.error()};
  held->own.note_or_forget(stays, (*row)->uid, {revision, revision + 1});
  return stays;
}

Result<std::filesystem::path> default_state_folder() {
  // Set once, before any thread starts.
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return std::filesystem::path{value == nullptr ? "" : value};
  };
  if (const auto state = variable("XDG_STATE_HOME"); state.is_absolute()) return state / "slipway";
  if (const auto home = variable("HOME"); home.is_absolute()) return home / ".local" / "state" / "slipway";
  return fail(ErrorClass::Invalid, "no place for the state database: neither XDG_STATE_HOME nor HOME is set",
              "set one of them, or name a file with --state");
}

std::filesystem::path state_file_of(const std::filesystem::path& state_folder, const std::filesystem::path& manifests) {
  return state_folder / (Digest::of(manifests.string()).short_hex(32) + ".db");
}

}  // namespace slipway::manifests

#include "controller/manifests/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "crds/base/text.h"

namespace slipway::manifests {

namespace {

constexpr int kBusyMilliseconds = 10'000;

/// SQLite would make the file (and its WAL, which takes over the mode) readable by others.
Result<void> make_private(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail(
        ErrorClass::Unavailable,
        "opening the state database " + quoted(file.string(), 200) + ": " + std::generic_category().message(errno),
        "make its folder writable, or name another file with --state");
  }
  ::close(descriptor);
  return {};
}

}  // namespace

void Sqlite::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

void Sqlite::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Sqlite::Statement::GiveBack::operator()(sqlite3_stmt* statement) const {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  owner->idle_.emplace(sqlite3_sql(statement), Compiled{statement});
}

std::unexpected<Error> Sqlite::failure(int code) const {
  // A copy fails where neither database has an error of its own.
  const bool has_own_words = database_ && sqlite3_errcode(database_.get()) != SQLITE_OK;
  const std::string message = "state database " + quoted(file_.string(), 200) + ": " +
                              (has_own_words ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code));
  const int primary = code & 0xFF;
  if (primary == SQLITE_NOTADB || primary == SQLITE_CORRUPT) {
    return fail(ErrorClass::Invalid, message,
                "move the file away: what is published stays, and status is found again by looking");
  }
  if (primary == SQLITE_BUSY) return fail(ErrorClass::Unavailable, message, "end the other process that holds it");
  return fail(ErrorClass::Unavailable, message, "look at the disk and the file's permissions");
}

Result<Sqlite> Sqlite::open(const std::filesystem::path& file) {
  if (const auto made = make_private(file); !made) return std::unexpected{made.error()};
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
  Sqlite database{file, raw};
  if (code != SQLITE_OK) return database.failure(code);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyMilliseconds);
  if (const auto set = database.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"); !set) {
    return std::unexpected{set.error()};
  }
  return database;
}

Result<void> Sqlite::run(const char* sql) const {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return {};
}

int Sqlite::changes() const {
  return sqlite3_changes(database_.get());
}

Result<Sqlite> Sqlite::open_copy(const std::filesystem::path& file) {
  sqlite3* raw = nullptr;
  const int made = sqlite3_open_v2(":memory:", &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
  Sqlite copy{file, raw};
  if (made != SQLITE_OK) return copy.failure(made);
  if (std::error_code error; !std::filesystem::exists(file, error)) return copy;
  raw = nullptr;
  const int opened = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_FULLMUTEX, nullptr);
  const Sqlite original{file, raw};
  if (opened != SQLITE_OK) return original.failure(opened);
  sqlite3_busy_timeout(raw, kBusyMilliseconds);
  sqlite3_backup* backup = sqlite3_backup_init(copy.database_.get(), "main", raw, "main");
  if (backup == nullptr) return copy.failure(sqlite3_errcode(copy.database_.get()));
  const int copied = sqlite3_backup_step(backup, -1);
  sqlite3_backup_finish(backup);
  if (copied != SQLITE_DONE) return original.failure(copied);
  return copy;
}

Result<Sqlite::Statement> Sqlite::prepare(std::string_view sql) const {
  if (auto idle = idle_.extract(std::string{sql}); !idle.empty()) return Statement{*this, idle.mapped().release()};
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return Statement{*this, raw};
}

Sqlite::Statement& Sqlite::Statement::bind(std::string_view text) {
  sqlite3_bind_text64(statement_.get(), next_++, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Sqlite::Statement& Sqlite::Statement::bind(std::int64_t number) {
  sqlite3_bind_int64(statement_.get(), next_++, number);
  return *this;
}

Sqlite::Statement& Sqlite::Statement::bind(std::optional<std::int64_t> number) {
  if (number) return bind(*number);
  sqlite3_bind_null(statement_.get(), next_++);
  return *this;
}

Result<bool> Sqlite::Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return statement_.get_deleter().owner->failure(code);
}

std::string Sqlite::Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return bytes == nullptr ? std::string{} : std::string{reinterpret_cast<const char*>(bytes), size};
}

std::int64_t Sqlite::Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<std::int64_t> Sqlite::Statement::optional_integer(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

namespace {

/// Runs one statement that is needed again and again and has no rows.
Result<void> run_compiled(const Sqlite& database, std::string_view sql) {
  auto statement = database.prepare(sql);
  if (!statement) return std::unexpected{statement.error()};
  const auto stepped = statement->step();
  if (!stepped) return std::unexpected{stepped.error()};
  return {};
}

}  // namespace

Result<Transaction> Transaction::begin(const Sqlite& database) {
  if (const auto begun = run_compiled(database, "BEGIN IMMEDIATE"); !begun) return std::unexpected{begun.error()};
  return Transaction{database};
}

Transaction::~Transaction() {
  if (database_ != nullptr) static_cast<void>(run_compiled(*database_, "ROLLBACK"));
}

Result<void> Transaction::commit() {
  const auto committed = run_compiled(*database_, "COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace slipway::manifests

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "crds/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace slipway::manifests {

/// One SQLite connection. One thread at a time.
class Sqlite {
 public:
  /// Opens or makes the file, mode 0600, with WAL and a busy time-out of 10 s. Unavailable when it cannot be opened.
  static Result<Sqlite> open(const std::filesystem::path& file);
  /// A copy in memory of the file as it is now; empty when there is none. The file is only read.
  static Result<Sqlite> open_copy(const std::filesystem::path& file);

  /// One statement with its values, run row by row.
  class Statement {
   public:
    Statement& bind(std::string_view text);
    Statement& bind(std::int64_t number);
    Statement& bind(std::optional<std::int64_t> number);
    /// True when there is a row to read, false at the end.
    Result<bool> step();
    std::string text(int column) const;
    std::int64_t integer(int column) const;
    std::optional<std::int64_t> optional_integer(int column) const;

   private:
    friend class Sqlite;
    struct GiveBack {
      const Sqlite* owner;
      void operator()(sqlite3_stmt* statement) const;
    };
    Statement(const Sqlite& owner, sqlite3_stmt* statement) : statement_(statement, GiveBack{&owner}) {}
    std::unique_ptr<sqlite3_stmt, GiveBack> statement_;
    int next_ = 1;
  };

  /// Compiled once; after that, one that is not at work is taken again. It must not outlive the connection.
  Result<Statement> prepare(std::string_view sql) const;
  /// Runs statements without values or rows.
  Result<void> run(const char* sql) const;
  /// Rows that the last statement changed.
  int changes() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Compiled = std::unique_ptr<sqlite3_stmt, Finalize>;
  Sqlite(std::filesystem::path file, sqlite3* database) : file_(std::move(file)), database_(database) {}
  std::unexpected<Error> failure(int code) const;

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> database_;
  mutable std::unordered_multimap<std::string, Compiled> idle_;  ///< By their text.
};

/// A transaction that takes the write lock at once and is rolled back unless commit() succeeded.
class Transaction {
 public:
  static Result<Transaction> begin(const Sqlite& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(const Sqlite& database) : database_(&database) {}
  const Sqlite* database_;
};

}  // namespace slipway::manifests

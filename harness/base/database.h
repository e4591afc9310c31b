// An SQLite database that several processes and threads share. The one place that knows its C
// interface.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace bpfmatrix {

enum class TroubleKind {
  damaged,  ///< what is in the file is not what was written
  busy,     ///< another process kept it locked for too long
  refused,  ///< read-only, no permission, disk full, not a plain file
};

struct DatabaseTrouble {
  TroubleKind kind = TroubleKind::refused;
  /// SQLite's own words.
  std::string message{};
};

/// For one thread at a time. After the first trouble nothing is done any more: statements do
/// nothing, queries have no rows, and trouble() says why.
class Database {
 public:
  /// Opens the file, or makes it. Whoever waits for a lock gives up after `patience`.
  Database(const std::filesystem::path& file, std::chrono::milliseconds patience);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::optional<DatabaseTrouble>& trouble() const { return trouble_; }
  /// Statements without values; their rows, if any, are passed over.
  void run(const char* statements);
  /// The number that a query of one row gives; 0 after trouble.
  std::int64_t number(const char* query);
  /// That the file is not what it was shows in its contents: the same as if SQLite had found it.
  void call_damaged(std::string why);

 private:
  friend class Query;
  friend class Statement;
  void take(int code);

  sqlite3* handle_ = nullptr;
  std::optional<DatabaseTrouble> trouble_{};
};

/// All its statements, or none of them; none without commit().
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

/// A text, a number, or bytes; what is given as std::string_view outlives the query.
struct Bytes {
  std::string_view bytes{};
};
using DatabaseValue = std::variant<std::int64_t, std::string_view, Bytes>;

/// One statement that is run many times, each time with other values; its rows are passed over.
class Statement {
 public:
  Statement(Database& database, const char* statement);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void run(const std::vector<DatabaseValue>& values);

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

/// One statement with values in it, read row by row.
class Query {
 public:
  Query(Database& database, const char* statement, const std::vector<DatabaseValue>& values);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  /// False: no row is left, or trouble.
  bool next();
  /// Of the current row. A value of another type is converted as SQLite does it.
  std::string bytes(int column) const;
  std::int64_t number(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace bpfmatrix

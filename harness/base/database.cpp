#include "base/database.h"

#include <sqlite3.h>

namespace bpfmatrix {

namespace {

TroubleKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // a table or a column that must be there is not
    case SQLITE_MISMATCH:
    case SQLITE_FORMAT:
      return TroubleKind::damaged;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return TroubleKind::busy;
  }
  // A page that the header promises and the file does not have; another file in its place.
  const bool gone = code == SQLITE_IOERR_SHORT_READ || code == SQLITE_READONLY_DBMOVED;
  return gone ? TroubleKind::damaged : TroubleKind::refused;
}

/// Binds one value; `index` counts from 1.
struct Bind {
  sqlite3_stmt* statement;
  int index;

  int operator()(std::int64_t number) const { return sqlite3_bind_int64(statement, index, number); }
  int operator()(std::string_view text) const {
    const char* data = text.empty() ? "" : text.data();  // no data would be NULL
    return sqlite3_bind_text64(statement, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  int operator()(Bytes value) const {
    return sqlite3_bind_blob64(statement, index, value.bytes.data(), value.bytes.size(),
                               SQLITE_STATIC);
  }
};

}  // namespace

Database::Database(const std::filesystem::path& file, std::chrono::milliseconds patience) {
  // No mutexes: whoever owns this lets one thread in at a time.
  const int code =
      sqlite3_open_v2(file.c_str(), &handle_,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  take(code);
  if (handle_ == nullptr) return;
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, static_cast<int>(patience.count()));
  // The file may be anybody's: what stands in its schema must not be able to do anything.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
}

Database::~Database() { sqlite3_close_v2(handle_); }

void Database::take(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE || trouble_) return;
  trouble_ = DatabaseTrouble{kind_of(code),
                             handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code)};
}

void Database::call_damaged(std::string why) {
  if (!trouble_) trouble_ = DatabaseTrouble{TroubleKind::damaged, std::move(why)};
}

void Database::run(const char* statements) {
  if (!trouble_) take(sqlite3_exec(handle_, statements, nullptr, nullptr, nullptr));
}

std::int64_t Database::number(const char* query) {
  Query rows(*this, query, {});
  return rows.next() ? rows.number(0) : 0;
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  // Trouble has rolled it back, or will when the database is closed.
  if (open_) database_.run("ROLLBACK");
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

Statement::Statement(Database& database, const char* statement) : database_(database) {
  if (database_.trouble_) return;
  database_.take(sqlite3_prepare_v2(database_.handle_, statement, -1, &statement_, nullptr));
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::run(const std::vector<DatabaseValue>& values) {
  if (database_.trouble_ || statement_ == nullptr) return;
  for (int i = 0; i < static_cast<int>(values.size()); ++i)
    database_.take(std::visit(Bind{statement_, i + 1}, values[static_cast<std::size_t>(i)]));
  database_.take(sqlite3_step(statement_));
  // What it gives is what the step gave.
  sqlite3_reset(statement_);
}

Query::Query(Database& database, const char* statement, const std::vector<DatabaseValue>& values)
    : database_(database) {
  if (database_.trouble_) return;
  database_.take(sqlite3_prepare_v2(database_.handle_, statement, -1, &statement_, nullptr));
  for (int i = 0; statement_ != nullptr && i < static_cast<int>(values.size()); ++i) {
    database_.take(std::visit(Bind{statement_, i + 1}, values[static_cast<std::size_t>(i)]));
  }
}

Query::~Query() { sqlite3_finalize(statement_); }

bool Query::next() {
  if (database_.trouble_ || statement_ == nullptr) return false;
  const int code = sqlite3_step(statement_);
  database_.take(code);
  return code == SQLITE_ROW;
}

std::string Query::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data != nullptr
             ? std::string(static_cast<const char*>(data), static_cast<std::size_t>(size))
             : std::string();
}

std::int64_t Query::number(int column) const { return sqlite3_column_int64(statement_, column); }

}  // namespace bpfmatrix

#include "base/database.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class DatabaseFile : public ::testing::Test {
 protected:
  TroubleKind trouble_of(const fs::path& file) {
    Database db(file, milliseconds(50));
    db.number("SELECT count(*) FROM t");
    return db.trouble() ? db.trouble()->kind : TroubleKind(-1);
  }

  Result<TempDir> dir_ = TempDir::create();
  fs::path file_ = dir_->path() / "x.db";
};

TEST_F(DatabaseFile, values_come_back_as_they_went_in) {
  Database db(file_, milliseconds(50));
  db.run("CREATE TABLE t (a TEXT NOT NULL, b INTEGER, c BLOB)");
  const std::string bytes("\0\xff'", 3);
  Query(db, "INSERT INTO t VALUES (?, ?, ?)",
        {std::string_view(), std::int64_t{1} << 40, Bytes{bytes}})
      .next();
  ASSERT_FALSE(db.trouble()) << db.trouble()->message;
  Query row(db, "SELECT a, b, c FROM t", {});
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.bytes(0), "");
  EXPECT_EQ(row.number(1), std::int64_t{1} << 40);
  EXPECT_EQ(row.bytes(2), bytes);
  EXPECT_FALSE(row.next());
}

TEST_F(DatabaseFile, a_statement_is_run_again_with_other_values) {
  Database db(file_, milliseconds(50));
  db.run("CREATE TABLE t (a TEXT NOT NULL, b INTEGER UNIQUE)");
  Statement insert(db, "INSERT INTO t VALUES (?, ?)");
  for (std::int64_t i = 1; i <= 3; ++i) insert.run({std::string_view("x"), i});
  EXPECT_EQ(db.number("SELECT sum(b) FROM t"), 6);
  insert.run({std::string_view("x"), std::int64_t{3}});
  EXPECT_TRUE(db.trouble()) << "there is a 3 already";
}

TEST_F(DatabaseFile, a_transaction_that_is_not_committed_was_never_there) {
  Database db(file_, milliseconds(50));
  db.run("CREATE TABLE t (a)");
  {
    Transaction dropped(db);
    db.run("INSERT INTO t VALUES (1)");
  }
  {
    Transaction kept(db);
    db.run("INSERT INTO t VALUES (2)");
    kept.commit();
  }
  EXPECT_EQ(db.number("SELECT sum(a) FROM t"), 2);
}

TEST_F(DatabaseFile, what_is_no_database_is_damaged) {
  ASSERT_TRUE(write_file(file_, std::string(5000, 'x')));
  EXPECT_EQ(trouble_of(file_), TroubleKind::damaged);
}

TEST_F(DatabaseFile, a_table_that_is_not_there_is_damage) {
  EXPECT_EQ(trouble_of(file_), TroubleKind::damaged);
}

TEST_F(DatabaseFile, what_is_no_file_is_refused) {
  EXPECT_EQ(trouble_of(dir_->path()), TroubleKind::refused);
}

TEST_F(DatabaseFile, a_lock_is_waited_for_and_not_for_long) {
  Database first(file_, milliseconds(50));
  first.run("CREATE TABLE t (a); BEGIN EXCLUSIVE");
  EXPECT_EQ(trouble_of(file_), TroubleKind::busy);
}

TEST_F(DatabaseFile, after_trouble_nothing_is_done) {
  Database db(file_, milliseconds(50));
  db.run("no such statement");
  ASSERT_TRUE(db.trouble());
  db.run("CREATE TABLE t (a)");
  Query row(db, "SELECT 1", {});
  EXPECT_FALSE(row.next());
  EXPECT_EQ(Database(file_, milliseconds(50)).number("SELECT count(*) FROM sqlite_schema"), 0);
}

}  // namespace
}  // namespace bpfmatrix

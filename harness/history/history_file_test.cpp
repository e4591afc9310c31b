#include "history/history_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "base/file.h"
#include "base/hostile_test_support.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using For = HistoryFile::For;

HistoryCell cell(const std::string& name, Sign sign = Sign::attached) {
  HistoryCell cell{.cell = "k/" + name + "/kernel/libbpf",
                   .case_id = name,
                   .kernel = "k",
                   .release = "6.1.0",
                   .arch = "x86_64",
                   .btf = "kernel",
                   .loader = "libbpf",
                   .object = "/" + name + ".o",
                   .object_sha256 = "abc",
                   .verdict = Verdict::as_expected};
  cell.programs = {{.program = "p",
                    .sign = sign,
                    .cause = "helper_unknown",
                    .symbol = "do_x",
                    .wrong = {"fd", "port"},
                    .poisoned = 2,
                    .insns = 12,
                    .size = 21}};
  return cell;
}

class HistoryInAFile : public ::testing::Test {
 protected:
  Result<> keep(const std::string& id, std::int64_t started, const std::vector<HistoryCell>& cells,
                const std::string& content = "content") {
    Result<HistoryFile> file = HistoryFile::open(path_, For::writing);
    if (!file) return file.error();
    return file->keep({id, started, "/runs/" + id}, content,
                      [&](const HistoryFile::CellTaker& take) -> Result<> {
                        for (const HistoryCell& one : cells) take(one);
                        return {};
                      });
  }
  std::vector<std::string> runs_of(const std::string& name) {
    const Result<HistoryFile> file = HistoryFile::open(path_, For::reading);
    EXPECT_TRUE(file) << file.error().message;
    const auto entries = file->of_case(name);
    EXPECT_TRUE(entries) << entries.error().message;
    std::vector<std::string> runs;
    for (const HistoryEntry& entry : *entries) runs.push_back(entry.run.id);
    return runs;
  }
  void expect_refused(const std::string& why) {
    const auto bytes = read_file(path_, 1 << 20);
    for (const For what : {For::reading, For::writing}) {
      const auto file = HistoryFile::open(path_, what);
      ASSERT_FALSE(file);
      EXPECT_THAT(file.error().message, HasSubstr("'" + path_.string() + "': " + why));
      EXPECT_THAT(file.error().hint, HasSubstr("--history"));
    }
    EXPECT_EQ(*read_file(path_, 1 << 20), *bytes) << "it stays as it is";
  }

  Result<TempDir> dir_ = TempDir::create();
  fs::path path_ = dir_->path() / "history.db";
};

TEST_F(HistoryInAFile, what_was_kept_comes_back) {
  HistoryCell hostile = cell("other", Sign::failed);
  hostile.object = hostile.problem = kControls;
  hostile.programs[0].program = hostile.programs[0].cause = kControls;
  ASSERT_TRUE(keep("r", 7, {cell("exec"), hostile}));
  const Result<HistoryFile> file = HistoryFile::open(path_, For::reading);
  ASSERT_TRUE(file) << file.error().message;
  const auto entries = file->of_cell("k/exec/kernel/libbpf");
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 1U);
  const HistoryEntry& kept = entries->front();
  EXPECT_EQ(kept.run.id, "r");
  EXPECT_EQ(kept.run.started, 7);
  EXPECT_EQ(kept.run.dir, "/runs/r");
  EXPECT_EQ(kept.cell.release, "6.1.0");
  EXPECT_EQ(kept.cell.loader, "libbpf");
  EXPECT_EQ(kept.cell.object_sha256, "abc");
  EXPECT_EQ(kept.cell.verdict, Verdict::as_expected);
  EXPECT_EQ(kept.cell.programs, cell("exec").programs);
  const auto other = file->of_case("other");
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(other->front().cell.object, kControls);
  EXPECT_EQ(other->front().cell.programs, hostile.programs);
  EXPECT_THAT(*file->cells(), ElementsAre("k/exec/kernel/libbpf", "k/other/kernel/libbpf"));
  EXPECT_THAT(*file->cases(), ElementsAre("exec", "other"));
}

TEST_F(HistoryInAFile, runs_are_in_order_of_their_time_and_one_that_is_kept_again_is_there_once) {
  ASSERT_TRUE(keep("late", 9, {cell("exec")}));
  ASSERT_TRUE(keep("early", 3, {cell("exec")}));
  ASSERT_TRUE(keep("late", 9, {cell("exec"), cell("net")}, "more"));
  EXPECT_THAT(runs_of("exec"), ElementsAre("early", "late"));
  EXPECT_THAT(runs_of("net"), ElementsAre("late"));
  ASSERT_TRUE(keep("late", 9, {}, "less"));
  EXPECT_THAT(runs_of("exec"), ElementsAre("early"));
}

TEST_F(HistoryInAFile, the_same_content_is_not_written_again) {
  ASSERT_TRUE(keep("r", 1, {cell("exec")}));
  Result<HistoryFile> file = HistoryFile::open(path_, For::writing);
  ASSERT_TRUE(file);
  int asked = 0;
  ASSERT_TRUE(file->keep({"r", 1, ""}, "content", [&](const HistoryFile::CellTaker&) -> Result<> {
    ++asked;
    return {};
  }));
  EXPECT_EQ(asked, 0);
}

TEST_F(HistoryInAFile, a_run_whose_cells_cannot_be_read_leaves_what_was_kept_of_it) {
  ASSERT_TRUE(keep("r", 1, {cell("exec")}));
  Result<HistoryFile> file = HistoryFile::open(path_, For::writing);
  ASSERT_TRUE(file);
  const Result<> kept =
      file->keep({"r", 1, ""}, "other", [&](const HistoryFile::CellTaker& take) -> Result<> {
        take(cell("net"));
        return Error{"cut off"};
      });
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().message, "cut off");
  EXPECT_THAT(*file->cases(), ElementsAre("exec"));
}

TEST_F(HistoryInAFile, several_write_at_once_and_nothing_is_lost) {
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([this, i] {
      for (int j = 0; j < 5; ++j) {
        const Result<> kept = keep(std::to_string(i * 10 + j), i * 10 + j, {cell("exec")});
        EXPECT_TRUE(kept) << kept.error().message;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(runs_of("exec").size(), 20U);
}

TEST_F(HistoryInAFile, what_is_no_history_is_refused_and_stays_as_it_is) {
  ASSERT_TRUE(write_file(path_, std::string(5000, 'x')));
  expect_refused("damaged, or no history (");
  fs::remove(path_);
  Database(path_, std::chrono::seconds(1)).run("CREATE TABLE t (a); PRAGMA application_id = 7");
  expect_refused("a database of another program");
  fs::remove(path_);
  ASSERT_TRUE(keep("r", 1, {cell("exec")}));
  Database(path_, std::chrono::seconds(1)).run("PRAGMA user_version = 2");
  expect_refused("written by a newer version of bpfmatrix (schema 2, this one knows 1)");
}

TEST_F(HistoryInAFile, one_that_is_cut_or_changed_is_an_error_when_it_is_read) {
  std::vector<HistoryCell> many;
  for (int i = 0; i < 200; ++i) many.push_back(cell("case" + std::to_string(i)));
  ASSERT_TRUE(keep("r", 1, many));
  fs::resize_file(path_, fs::file_size(path_) / 2);
  const auto file = HistoryFile::open(path_, For::reading);
  if (file) {
    EXPECT_FALSE(file->cells());
    EXPECT_THAT(file->of_cell("k/case7/kernel/libbpf").error().message, HasSubstr("damaged ("));
  } else {
    EXPECT_THAT(file.error().message, HasSubstr("damaged"));
  }
}

TEST_F(HistoryInAFile, a_line_that_says_what_cannot_be_is_an_error) {
  for (const char* change : {"UPDATE cells SET verdict = 'fine'", "UPDATE cells SET programs = '{'",
                             "UPDATE cells SET programs = '[{\"program\":1}]'"}) {
    fs::remove(path_);
    ASSERT_TRUE(keep("r", 1, {cell("exec")}));
    Database(path_, std::chrono::seconds(1)).run(change);
    const Result<HistoryFile> file = HistoryFile::open(path_, For::reading);
    ASSERT_TRUE(file);
    const auto entries = file->of_case("exec");
    ASSERT_FALSE(entries) << change;
    EXPECT_THAT(entries.error().message, HasSubstr("damaged ("));
  }
}

TEST_F(HistoryInAFile, reading_begins_none_and_takes_no_other_kind_of_file) {
  const auto none = HistoryFile::open(path_, For::reading);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "'" + path_.string() + "': there is no history yet");
  EXPECT_FALSE(fs::exists(path_));
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(HistoryFile::open(path_, For::reading));
  EXPECT_FALSE(HistoryFile::open(path_, For::writing));
  EXPECT_FALSE(HistoryFile::open(dir_->path(), For::writing));
}

TEST_F(HistoryInAFile, one_that_another_process_keeps_locked_is_waited_for_and_then_said) {
  ASSERT_TRUE(keep("r", 1, {cell("exec")}));
  Database other(path_, std::chrono::milliseconds(10));
  const Transaction held(other);
  Result<HistoryFile> file = HistoryFile::open(path_, For::writing, std::chrono::milliseconds(10));
  ASSERT_TRUE(file) << file.error().message;
  const Result<> kept =
      file->keep({"s", 2, ""}, "c", [](const HistoryFile::CellTaker&) -> Result<> { return {}; });
  ASSERT_FALSE(kept);
  EXPECT_THAT(kept.error().message, HasSubstr("another process keeps it locked"));
}

}  // namespace
}  // namespace bpfmatrix

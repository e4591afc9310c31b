#include "outcome/cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "outcome/outcome_fields.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class CellsInAFile : public ::testing::Test {
 protected:
  static Outcome outcome(const std::string& cell) {
    Outcome o;
    o.cell = cell;
    o.end = End::completed;
    return o;
  }
  std::string write(const std::string& text) {
    EXPECT_TRUE(write_file(file_, text));
    return file_.string();
  }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    const Result<std::vector<Outcome>> cells = read_cells(file_);
    EXPECT_TRUE(cells) << cells.error().message;
    for (const Outcome& one : *cells) names.push_back(one.cell);
    return names;
  }

  TempDir dir_ = *TempDir::create();
  std::filesystem::path file_ = dir_.path() / "outcomes.jsonl";
};

TEST_F(CellsInAFile, come_in_the_order_of_the_file_however_many_parts_they_are_read_in) {
  std::string text;
  std::vector<std::string> wanted;
  for (int i = 0; i < 4000; ++i) {
    Outcome o = outcome("k/case-" + std::to_string(i) + "/kernel/libbpf");
    o.console_tail = std::string(4000, 'x');
    wanted.push_back(o.cell);
    text += to_line(o) + "\n";
  }
  write(text);
  std::size_t parts = 0;
  ASSERT_TRUE(read_cell_parts(file_, [&](const std::vector<Outcome>&) { ++parts; }));
  EXPECT_GT(parts, 1U);
  EXPECT_EQ(names(), wanted);
}

TEST_F(CellsInAFile, a_line_that_stands_twice_counts_once_and_two_that_differ_are_an_error) {
  const std::string line = to_line(outcome("a")) + "\n";
  write(line + to_line(outcome("b")) + "\n" + line);
  EXPECT_THAT(names(), ElementsAre("a", "b"));
  Outcome other = outcome("a");
  other.end = End::panicked;
  write(line + to_line(other) + "\n");
  const auto read = read_cells(file_);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("two outcomes of 'a' that differ"));
}

TEST_F(CellsInAFile, a_line_that_is_no_outcome_is_named_whatever_comes_after_it) {
  write(to_line(outcome("a")) + "\n{}\nnonsense\n");
  const auto read = read_cells(file_);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("outcomes.jsonl:2"));
}

TEST_F(CellsInAFile, a_last_line_without_an_end_is_left_out) {
  write(to_line(outcome("a")) + "\n" + to_line(outcome("b")));
  EXPECT_THAT(names(), ElementsAre("a"));
  write("");
  EXPECT_THAT(names(), SizeIs(0));
}

}  // namespace
}  // namespace bpfmatrix

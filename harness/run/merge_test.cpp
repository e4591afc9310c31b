#include "run/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "outcome/cells.h"
#include "outcome/outcome_fields.h"
#include "run/run_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kFacts(64, 'f');

Outcome outcome(const std::string& kernel, End end = End::completed) {
  Outcome o;
  o.cell = kernel + "/case/kernel/libbpf";
  o.case_id = "case";
  o.kernel.id = kernel;
  o.kernel.arch = "x86_64";
  o.kernel.sha256 = std::string(64, kernel.back());
  o.kernel.facts = kFacts;
  o.object.sha256 = std::string(64, '0');
  o.end = end;
  o.open.result = StageResult::ok;
  return o;
}

class MergingRuns : public ::testing::Test {
 protected:
  fs::path part(const std::string& name, const std::vector<Outcome>& outcomes,
                std::vector<std::string> more_cells = {}) {
    RunSpec spec{.matrix = {.kernels = {"k-" + name}, .cases = {"case"}}};
    for (const Outcome& one : outcomes) spec.cells.push_back(one.cell);
    spec.cells.insert(spec.cells.end(), more_cells.begin(), more_cells.end());
    const fs::path path = dir_->path() / name;
    auto run = RunDir::create(path, spec);
    EXPECT_TRUE(run) << run.error().message;
    for (const Outcome& one : outcomes) {
      EXPECT_TRUE(run->keep_transcript(one.cell, "transcript of " + one.cell));
      EXPECT_TRUE(run->append(one));
    }
    EXPECT_TRUE(run->keep_facts({.sha256 = kFacts, .gzip = "facts"}));
    return path;
  }
  std::string error_of(const std::vector<fs::path>& parts) {
    const auto merged = merge_runs(parts, out_);
    EXPECT_FALSE(merged);
    EXPECT_FALSE(fs::exists(out_)) << "nothing half-written stays";
    return merged ? "" : merged.error().message;
  }

  /// As a run of its own has it.
  static void name(const fs::path& part, const std::string& id, std::int64_t started) {
    RunSpec spec = *read_run_spec(part);
    spec.id = id;
    spec.started = started;
    EXPECT_TRUE(write_file(part / "run.json", to_text(spec)));
  }

  Result<TempDir> dir_ = TempDir::create();
  fs::path out_ = dir_->path() / "whole";
};

TEST_F(MergingRuns, the_same_parts_are_the_same_run) {
  const fs::path a = part("a", {outcome("k-a")});
  const fs::path b = part("b", {outcome("k-b")});
  name(a, "1", 20);
  name(b, "2", 10);
  ASSERT_TRUE(merge_runs({a, b}, out_));
  ASSERT_TRUE(merge_runs({b, a}, dir_->path() / "again"));
  const auto one = read_run_spec(out_);
  const auto other = read_run_spec(dir_->path() / "again");
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->id, other->id);
  EXPECT_EQ(one->started, 10);
  EXPECT_EQ(other->started, 10);
  ASSERT_TRUE(merge_runs({a, part("c", {outcome("k-c")})}, dir_->path() / "third"));
  EXPECT_FALSE(read_run_spec(dir_->path() / "third")->id) << "a part has none";
}

TEST_F(MergingRuns, the_whole_has_every_cell_its_transcript_and_its_kernels_facts) {
  const auto merged = merge_runs(
      {part("a", {outcome("k-a")}), part("b", {outcome("k-b")}, {"k-b/lost/kernel/l"})}, out_);
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ(merged->cells, 3U);
  EXPECT_EQ(merged->in_no_part, 0U);
  const auto spec = read_run_spec(out_);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->cells.size(), 3U);
  EXPECT_EQ(spec->matrix.kernels, (std::vector<std::string>{"k-a", "k-b"}));
  EXPECT_EQ(read_cells(out_ / "outcomes.jsonl")->size(), 2U);
  EXPECT_EQ(*read_file(transcript_path(out_, "k-b/case/kernel/libbpf"), 100),
            "transcript of k-b/case/kernel/libbpf");
  EXPECT_EQ(*read_file(kernel_facts_path(out_, kFacts), 100), "facts");
  EXPECT_TRUE(RunDir::resume(out_)) << "it can be continued";
}

TEST_F(MergingRuns, cells_of_a_part_that_is_missing_stay_planned) {
  const fs::path path = dir_->path() / "a";
  const std::string here = outcome("k-a").cell;
  const RunSpec spec{.matrix = {.kernels = {"k-a"}, .cases = {"case"}},
                     .cells = {here},
                     .part_of = {{here, "k-a/lost/kernel/l"}}};
  ASSERT_TRUE(RunDir::create(path, spec));
  const auto merged = merge_runs({path}, out_);
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ(merged->in_no_part, 1U);
  const auto whole = read_run_spec(out_);
  EXPECT_EQ(whole->cells, *spec.part_of);
  EXPECT_FALSE(whole->part_of);
}

TEST_F(MergingRuns, the_order_of_the_parts_does_not_matter) {
  const fs::path a = part("a", {outcome("k-a")});
  const fs::path b = part("b", {outcome("k-b")});
  ASSERT_TRUE(merge_runs({a, b}, out_));
  ASSERT_TRUE(merge_runs({b, a}, dir_->path() / "other"));
  EXPECT_EQ(*read_file(out_ / "outcomes.jsonl", 1 << 20),
            *read_file(dir_->path() / "other/outcomes.jsonl", 1 << 20));
}

TEST_F(MergingRuns, a_conclusive_outcome_counts_more_than_a_lost_one) {
  const fs::path lost = part("a", {outcome("k-a", End::lost)});
  const fs::path good = part("b", {outcome("k-a")});
  for (const auto& parts : {std::vector{lost, good}, std::vector{good, lost}}) {
    ASSERT_TRUE(merge_runs(parts, out_));
    EXPECT_EQ(read_cells(out_ / "outcomes.jsonl")->front().end, End::completed);
    fs::remove_all(out_);
  }
}

TEST_F(MergingRuns, what_does_not_fit_together_is_refused) {
  const fs::path a = part("a", {outcome("k-a")});
  Outcome other = outcome("k-a");
  other.kernel.sha256 = std::string(64, '9');
  EXPECT_THAT(error_of({a, part("kernel", {other})}),
              HasSubstr("kernel 'k-a' is not the same in '"));
  other = outcome("k-b");
  other.object.sha256 = std::string(64, '9');
  EXPECT_THAT(error_of({a, part("object", {other})}),
              HasSubstr("the object of 'case' for x86_64 is not the same in '"));
  other = outcome("k-a");
  other.open = {StageResult::failed, "EINVAL", ""};
  EXPECT_THAT(error_of({a, part("outcome", {other})}),
              HasSubstr("disagree about k-a/case/kernel/libbpf: open"));
}

TEST_F(MergingRuns, another_matrix_or_no_run_is_refused) {
  const fs::path a = part("a", {outcome("k-a")});
  const fs::path path = dir_->path() / "asked";
  { ASSERT_TRUE(RunDir::create(path, RunSpec{.matrix = {.kernels = {"k"}, .cases = {"other"}}})); }
  EXPECT_THAT(error_of({a, path}), HasSubstr("was asked for another matrix than '"));
  EXPECT_NE(error_of({a, dir_->path() / "nothing"}), "");
}

TEST_F(MergingRuns, what_is_there_is_not_overwritten) {
  const fs::path a = part("a", {outcome("k-a")});
  ASSERT_TRUE(write_file(out_, "mine"));
  EXPECT_EQ(merge_runs({a}, out_).error().message, "'" + out_.string() + "': is there already");
  EXPECT_EQ(*read_file(out_, 10), "mine");
}

}  // namespace
}  // namespace bpfmatrix

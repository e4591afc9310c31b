// The exit code of `judge`, for each state that a run directory can be in: scripts gate on it. The
// same table stands in docs/runs.md.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "analysis/compare/baseline.h"
#include "base/file.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"
#include "cli/exit_code.h"
#include "matrix/case_spec.h"
#include "outcome/outcome_fields.h"
#include "run/run_dir.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

namespace fs = std::filesystem;

constexpr const char* kJudgedObject = "/objects/prog.bpf.o";

std::string cell_on(const std::string& kernel) { return kernel + "/prog.bpf/kernel/libbpf"; }

/// Loaded and attached, as is expected of an object that is given by its file.
Outcome good(const std::string& kernel = "a") {
  Outcome outcome;
  outcome.cell = cell_on(kernel);
  outcome.case_id = case_for_object(kJudgedObject).id;
  outcome.kernel.id = kernel;
  outcome.kernel.release = "6.1.0";
  outcome.kernel.arch = "x86_64";
  outcome.btf_source = "kernel";
  outcome.loader = "libbpf";
  outcome.end = End::completed;
  outcome.open.result = StageResult::ok;
  ProgramOutcome program;
  program.name = "prog";
  program.section = "kprobe/do_nanosleep";
  program.type = "kprobe";
  program.load.stage.result = StageResult::ok;
  program.attach.stage.result = StageResult::ok;
  outcome.programs = {program};
  return outcome;
}

Outcome rejected_on(const std::string& kernel) {
  Outcome outcome = good(kernel);
  outcome.programs[0].load.stage = {StageResult::failed, "EINVAL", ""};
  outcome.programs[0].load.log_tail = "5: (85) call bpf_loop#181\ninvalid func unknown#181\n";
  outcome.programs[0].load.source = SourceLine{5, "prog.bpf.c", 14, "bpf_loop(3, f, 0, 0);"};
  outcome.programs[0].attach.stage.result = StageResult::not_reached;
  return outcome;
}

Outcome changed(const std::function<void(Outcome&)>& change) {
  Outcome outcome = good("b");
  change(outcome);
  return outcome;
}

std::string lines(const std::vector<Outcome>& outcomes) {
  std::string text;
  for (const Outcome& outcome : outcomes) text += to_line(outcome) + "\n";
  return text;
}

class JudgeExitCode : public ::testing::Test {
 protected:
  /// Of a run whose plan has the object on kernels "a" and "b".
  Said judge(const std::string& outcomes, const std::vector<std::string>& more = {}) {
    const fs::path run = dir_->path() / "run";
    std::error_code ignored;
    fs::remove_all(run, ignored);
    RunSpec spec;
    spec.objects = {kJudgedObject};
    spec.cells = {cell_on("a"), cell_on("b")};
    EXPECT_TRUE(RunDir::create(run, spec));
    EXPECT_TRUE(write_file(run / "outcomes.jsonl", outcomes));
    std::vector<std::string> arguments{"judge", run.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return bpfmatrix_says(arguments);
  }
  /// Against the baseline of such a run, which is in `baseline_`.
  Said judge_since(const std::string& before, const std::string& outcomes,
                   std::vector<std::string> more = {}) {
    fs::remove(baseline_);
    EXPECT_EQ(judge(before, {"--baseline", baseline_, "--accept"}).exit_code, as_expected);
    more.insert(more.begin(), {"--baseline", baseline_});
    return judge(outcomes, more);
  }
  int code(const std::string& outcomes) { return judge(outcomes).exit_code; }

  Result<TempDir> dir_ = TempDir::create();
  std::string baseline_ = (dir_->path() / "baseline").string();
};

TEST_F(JudgeExitCode, all_as_expected) {
  EXPECT_EQ(code(lines({good("a"), good("b")})), as_expected);
}

TEST_F(JudgeExitCode, what_nobody_could_read_is_not_known) {
  EXPECT_EQ(code(lines({good("a"), good("b")})), as_expected);
  const auto ran = run_command(
      {.argv = {"/bin/sh", "-c", R"("$0" judge "$1" >/dev/full)",
                BPFMATRIX_BINARY_DIR "/bin/bpfmatrix", (dir_->path() / "run").string()}},
      std::chrono::seconds(60));
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->status.code, static_cast<int>(unknown));
  EXPECT_THAT(ran->err, HasSubstr("standard output did not take all"));
}

TEST_F(JudgeExitCode, one_unexpected_counts_more_than_what_is_not_known) {
  const Outcome rejected = changed([](Outcome& o) {
    o.programs[0].load.stage = {StageResult::failed, "EINVAL", ""};
  });
  EXPECT_EQ(code(lines({good("a"), rejected})), unexpected);
  EXPECT_EQ(code(lines({rejected})), unexpected);
}

TEST_F(JudgeExitCode, nothing_at_all_is_not_known) {
  const Said said = judge("");
  EXPECT_EQ(said.exit_code, unknown);
  EXPECT_THAT(said.out, HasSubstr("unsure: planned, and has no outcome (2, such as a/prog.bpf"));
}

TEST_F(JudgeExitCode, a_planned_cell_without_an_outcome_is_not_known) {
  EXPECT_EQ(code(lines({good("a")})), unknown);
}

TEST_F(JudgeExitCode, a_line_that_was_cut_off_is_no_outcome) {
  const std::string whole = lines({good("a"), good("b")});
  EXPECT_EQ(code(whole.substr(0, whole.size() - 20)), unknown);
}

TEST_F(JudgeExitCode, a_line_that_stands_twice_counts_once) {
  const Said said = judge(lines({good("a"), good("a"), good("b")}));
  EXPECT_EQ(said.exit_code, as_expected);
  EXPECT_THAT(said.out, HasSubstr("\n2 as_expected\n"));
  EXPECT_EQ(code(lines({good("a"), good("a")})), unknown) << "one of the two is missing";
}

TEST_F(JudgeExitCode, two_outcomes_of_one_cell_are_an_error) {
  Outcome other = good("a");
  other.programs[0].load.stage = {StageResult::failed, "EINVAL", ""};
  const Said said = judge(lines({good("a"), other, good("b")}));
  EXPECT_EQ(said.exit_code, wrong_command);
  EXPECT_THAT(said.err, HasSubstr("outcomes.jsonl': two outcomes of 'a/prog.bpf/kernel/libbpf' "
                                  "that differ"));
}

TEST_F(JudgeExitCode, what_is_unsure_is_not_known) {
  const Outcome flaky = changed([](Outcome& o) { o.vm.flaky = {"end: hung, completed"}; });
  EXPECT_EQ(code(lines({good("a"), flaky})), unknown);
}

TEST_F(JudgeExitCode, a_program_without_an_expectation_is_not_known) {
  const Outcome mute = changed([](Outcome& o) { o.case_id = "no-such-case"; });
  EXPECT_EQ(code(lines({good("a"), mute})), unknown);
}

TEST_F(JudgeExitCode, a_machine_that_was_lost_or_is_unavailable_is_not_known) {
  for (const End end : {End::lost, End::hung, End::unavailable}) {
    const Outcome gone = changed([&](Outcome& o) {
      o.end = end;
      o.programs.clear();
    });
    EXPECT_EQ(code(lines({good("a"), gone})), unknown) << to_string(end);
  }
}

TEST_F(JudgeExitCode, a_probe_that_its_application_did_not_attach_is_unexpected) {
  const Outcome left = changed([](Outcome& o) {
    o.app.emplace();
    o.programs[0].attach.stage.result = StageResult::not_reached;
  });
  const Said said = judge(lines({good("a"), left}));
  EXPECT_EQ(said.exit_code, unexpected);
  EXPECT_THAT(said.out, HasSubstr("attach: wanted ok or not_reached, got not_attached"));
}

TEST_F(JudgeExitCode, a_damaged_file_is_an_error) { EXPECT_EQ(code("no JSON\n"), wrong_command); }

TEST_F(JudgeExitCode, worse_than_the_baseline_fails_with_one_line_that_says_all) {
  const std::string before = lines({good("a"), good("b")});
  const Said said = judge_since(before, lines({good("a"), rejected_on("b")}));
  EXPECT_EQ(said.exit_code, unexpected);
  EXPECT_THAT(
      said.out,
      HasSubstr("regressed: prog.bpf:prog on b: failed (helper_unknown), was attached; helper "
                "unknown: 'unknown#181' (prog.bpf.c:14); bpf_loop came in 5.17 ("));
  EXPECT_THAT(said.out, HasSubstr("\n1 as_expected, 1 regressed\n"));
}

TEST_F(JudgeExitCode, what_was_accepted_is_as_expected_and_one_line_of_the_file) {
  const std::string good_run = lines({good("a"), good("b")});
  const std::string bad_run = lines({good("a"), rejected_on("b")});
  const Said accepted = judge_since(good_run, bad_run, {"--accept"});
  EXPECT_EQ(accepted.exit_code, as_expected) << accepted.err;
  EXPECT_THAT(accepted.out,
              HasSubstr("\n-b/prog.bpf/kernel/libbpf prog attached\n"
                        "+b/prog.bpf/kernel/libbpf prog failed cause=helper_unknown\n"));
  EXPECT_EQ(judge(bad_run, {"--baseline", baseline_}).exit_code, as_expected);
  const Said fixed = judge(good_run, {"--baseline", baseline_});
  EXPECT_EQ(fixed.exit_code, as_expected);
  EXPECT_THAT(fixed.out, HasSubstr("fixed: prog.bpf:prog on b: attached, was failed"));
}

TEST_F(JudgeExitCode, a_kernel_that_is_missing_is_carried_forward_and_not_known) {
  const Outcome gone = changed([](Outcome& o) {
    o.end = End::unavailable;
    o.programs.clear();
  });
  const std::string before = lines({good("a"), good("b")});
  const std::string now = lines({good("a"), gone});
  const Said said = judge_since(before, now);
  EXPECT_EQ(said.exit_code, unknown);
  EXPECT_THAT(said.out, HasSubstr("carried forward: 1 cell could not be tried"));
  EXPECT_EQ(judge_since(before, now, {"--required", "b"}).exit_code, unexpected);
  EXPECT_EQ(judge_since(before, now, {"--optional", "b"}).exit_code, as_expected);
}

TEST_F(JudgeExitCode, what_the_baseline_does_not_have_is_new) {
  const std::string now = lines({good("a"), rejected_on("b")});
  EXPECT_EQ(judge(lines({good("a")}), {"--baseline", baseline_, "--accept"}).exit_code, unknown);
  EXPECT_EQ(judge(now, {"--baseline", baseline_}).exit_code, as_expected);
  EXPECT_EQ(judge(now, {"--baseline", baseline_, "--required", "b"}).exit_code, unexpected);
}

TEST_F(JudgeExitCode, a_baseline_without_a_cell_compares_nothing_and_is_no_gate) {
  ASSERT_TRUE(write_file(baseline_, "# bpfmatrix baseline 1\n# to be filled\n"));
  const Said said = judge(lines({good("a"), rejected_on("b")}), {"--baseline", baseline_});
  EXPECT_EQ(said.exit_code, unknown);
  EXPECT_THAT(said.err, HasSubstr("the baseline is empty: nothing was compared"));
}

TEST_F(JudgeExitCode, a_run_is_a_baseline_too) {
  const fs::path other = dir_->path() / "other";
  ASSERT_EQ(judge(lines({good("a"), good("b")})).exit_code, as_expected);
  fs::rename(dir_->path() / "run", other);
  EXPECT_EQ(judge(lines({good("a"), rejected_on("b")}), {"--baseline", other.string()}).exit_code,
            unexpected);
}

TEST_F(JudgeExitCode, who_accepts_at_the_same_time_loses_nothing) {
  std::vector<std::string> commands;
  constexpr int kCells = 8;
  for (int i = 0; i < kCells; ++i) {
    const std::string kernel = "k" + std::to_string(i);
    const fs::path run = dir_->path() / ("run-" + kernel);
    RunSpec spec;
    spec.objects = {kJudgedObject};
    spec.cells = {cell_on(kernel)};
    ASSERT_TRUE(RunDir::create(run, spec));
    ASSERT_TRUE(write_file(run / "outcomes.jsonl", lines({good(kernel)})));
    commands.push_back(fmt::format("'{}/bin/bpfmatrix' judge '{}' --baseline '{}' --accept",
                                   BPFMATRIX_BINARY_DIR, run.string(), baseline_));
  }
  ASSERT_TRUE(write_file(baseline_, "# bpfmatrix baseline 1\n"));
  const std::string all = fmt::format("{} & wait", fmt::join(commands, " & "));
  const auto ran = run_command({.argv = {"/bin/sh", "-c", all}}, std::chrono::seconds(120));
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(read_baseline(baseline_)->size(), static_cast<std::size_t>(kCells));
}

TEST_F(JudgeExitCode, a_run_without_a_result_is_no_baseline) {
  const fs::path other = dir_->path() / "other";
  ASSERT_EQ(judge("").exit_code, unknown);
  fs::rename(dir_->path() / "run", other);
  const Said said = judge(lines({good("a"), good("b")}), {"--baseline", other.string()});
  EXPECT_EQ(said.exit_code, wrong_command);
  EXPECT_THAT(said.err, HasSubstr("no cell of this run has a result: nothing can be compared"));
}

TEST_F(JudgeExitCode, a_baseline_that_is_none_is_a_wrong_command) {
  const std::string run = lines({good("a"), good("b")});
  EXPECT_EQ(judge(run, {"--baseline", baseline_}).exit_code, wrong_command) << "there is none";
  ASSERT_TRUE(write_file(baseline_, "k attached\n"));
  EXPECT_EQ(judge(run, {"--baseline", baseline_}).exit_code, wrong_command);
  EXPECT_EQ(judge(run, {"--baseline", baseline_, "--accept"}).exit_code, wrong_command);
  EXPECT_EQ(*read_file(baseline_, 100), "k attached\n") << "nothing of another's is overwritten";
  EXPECT_EQ(judge(run, {"--baseline", dir_->path().string(), "--accept"}).exit_code, wrong_command);
  EXPECT_EQ(judge(run, {"--accept"}).exit_code, wrong_command);
}

}  // namespace
}  // namespace bpfmatrix

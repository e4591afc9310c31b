// The exit code of `judge`, for each state that a run directory can be in: scripts gate on it. The
// same table stands in docs/runs.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

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

constexpr const char* kObject = "/objects/prog.bpf.o";

std::string cell_on(const std::string& kernel) { return kernel + "/prog.bpf/kernel/libbpf"; }

/// Loaded and attached, as is expected of an object that is given by its file.
Outcome good(const std::string& kernel = "a") {
  Outcome outcome;
  outcome.cell = cell_on(kernel);
  outcome.case_id = case_for_object(kObject).id;
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
  Said judge(const std::string& outcomes) {
    const fs::path run = dir_->path() / "run";
    std::error_code ignored;
    fs::remove_all(run, ignored);
    RunSpec spec;
    spec.objects = {kObject};
    spec.cells = {cell_on("a"), cell_on("b")};
    EXPECT_TRUE(RunDir::create(run, spec));
    EXPECT_TRUE(write_file(run / "outcomes.jsonl", outcomes));
    return bpfmatrix_says({"judge", run.string()});
  }
  int code(const std::string& outcomes) { return judge(outcomes).exit_code; }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(JudgeExitCode, all_as_expected) {
  EXPECT_EQ(code(lines({good("a"), good("b")})), as_expected);
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
  EXPECT_THAT(said.out, HasSubstr("'prog': attach: wanted ok or not_reached, got not_attached"));
}

TEST_F(JudgeExitCode, a_damaged_file_is_an_error) { EXPECT_EQ(code("no JSON\n"), wrong_command); }

}  // namespace
}  // namespace bpfmatrix

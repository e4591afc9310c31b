// `history` and `since`: what runs leave for later, and what a run says of those before it.
#include <gmock/gmock.h>

#include "base/file.h"
#include "base/json.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"
#include "cli/exit_code.h"
#include "matrix/case_spec.h"
#include "outcome/outcome_fields.h"
#include "run/run_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kObject = "/objects/exec.bpf.o";
constexpr std::int64_t kDay = 24 * 3600;

Outcome outcome(const std::string& version, bool works) {
  Outcome o;
  o.kernel.id = "debian-" + version + "-x86_64";
  o.kernel.release = version + ".0-9-amd64";
  o.kernel.arch = "x86_64";
  o.case_id = case_for_object(kObject).id;
  o.btf_source = "kernel";
  o.loader = "libbpf";
  o.cell = o.kernel.id + "/" + o.case_id + "/kernel/libbpf";
  o.end = End::completed;
  o.object.path = kObject;
  o.object.sha256 = std::string(64, 'a');
  o.open.result = StageResult::ok;
  ProgramOutcome program;
  program.name = "on_exec";
  program.section = "kprobe/do_nanosleep";
  program.type = "kprobe";
  program.load.stage.result = StageResult::ok;
  program.load.stats.insns = 12;
  program.attach.stage.result = StageResult::ok;
  program.attach.actual = "do_nanosleep";
  if (!works) {
    program.load.stage = {StageResult::failed, "EINVAL", ""};
    program.load.log_tail = "5: (85) call unknown#181\ninvalid func unknown#181\n";
    program.attach = {};
  }
  o.programs = {program};
  return o;
}

Outcome unavailable(const std::string& version) {
  Outcome o = outcome(version, true);
  o.end = End::unavailable;
  o.end_reason = "not built";
  o.object.sha256.clear();
  o.programs.clear();
  return o;
}

class HistoryCommand : public ::testing::Test {
 protected:
  /// A run of that day, judged with the history in `file_`.
  Said judge(int day, const std::vector<Outcome>& outcomes, std::vector<std::string> more = {}) {
    const fs::path run = dir_->path() / ("run-" + std::to_string(day));
    if (!fs::exists(run)) {
      RunSpec spec{.objects = {kObject}, .id = "id-" + std::to_string(day), .started = day * kDay};
      for (const Outcome& one : outcomes) spec.cells.push_back(one.cell);
      EXPECT_TRUE(RunDir::create(run, spec));
    }
    std::string lines;
    for (const Outcome& one : outcomes) lines += to_line(one) + "\n";
    EXPECT_TRUE(write_file(run / "outcomes.jsonl", lines));
    if (more.empty()) more = {"--history", file_};
    more.insert(more.begin(), {"judge", run.string()});
    return bpfmatrix_says(more);
  }
  Said says(std::vector<std::string> command) const {
    command.insert(command.end(), {"--history", file_});
    return bpfmatrix_says(command);
  }

  Result<TempDir> dir_ = TempDir::create();
  std::string file_ = (dir_->path() / "history.db").string();
};

TEST_F(HistoryCommand, a_cell_is_shown_over_its_runs) {
  judge(1, {outcome("6.1", true)});
  judge(2, {outcome("6.1", true)});
  judge(3, {outcome("6.1", false)});
  const Said said = says({"history", "debian-6.1-*"});
  EXPECT_EQ(said.exit_code, as_expected) << said.err;
  EXPECT_EQ(said.out,
            "debian-6.1-x86_64/exec.bpf/kernel/libbpf\n"
            "  run               object    kernel         verdict      program  came to\n"
            "  1970-01-02 00:00  aaaaaaaa  6.1.0-9-amd64  as_expected  on_exec  attached to "
            "do_nanosleep, 12 insns\n"
            "  1970-01-03 00:00  aaaaaaaa  6.1.0-9-amd64  as_expected  as before\n"
            "  1970-01-04 00:00  aaaaaaaa  6.1.0-9-amd64  unexpected   on_exec  failed "
            "(helper_unknown)\n");
  const Said json = says({"history", "*", "--json"});
  const auto read = parse_json(json.out, "history");
  ASSERT_TRUE(read) << json.out << json.err;
  ASSERT_EQ(read->size(), 3U);
  EXPECT_EQ((*read)[2]["programs"][0]["cause"], "helper_unknown");
  EXPECT_EQ((*read)[0]["programs"][0]["insns"], 12);
}

TEST_F(HistoryCommand, a_run_that_is_judged_again_is_there_once_with_what_it_came_to_last) {
  judge(1, {outcome("6.1", true)});
  judge(1, {outcome("6.1", true), outcome("6.12", true)});
  judge(1, {outcome("6.1", true), outcome("6.12", true)});
  const auto read = parse_json(says({"history", "*", "--json"}).out, "history");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size(), 2U);
}

TEST_F(HistoryCommand, since_says_the_oldest_kernel_and_what_stops_a_program_below) {
  judge(1, {outcome("4.19", false), outcome("5.10", false), outcome("6.1", true),
            outcome("6.12", false), unavailable("7.x")});
  const Said said = says({"since", "exec.bpf"});
  EXPECT_EQ(said.exit_code, as_expected) << said.err;
  EXPECT_EQ(said.out,
            "exec.bpf:on_exec, BTF source kernel, loader libbpf\n"
            "  debian  x86_64  since 6.1\n"
            "                  not on 4.19, 5.10: failed (helper_unknown)\n"
            "                  but not on 6.12: failed (helper_unknown)\n"
            "                  not known on 7.x: not built\n");
  const auto json = parse_json(says({"since", "exec*", "--json"}).out, "since");
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)[0]["series"][0]["since"], "debian-6.1-x86_64");
  EXPECT_EQ((*json)[0]["series"][0]["kernels"][3]["hole"], true);
  EXPECT_EQ((*json)[0]["series"][0]["kernels"][4]["works"], "unknown");
}

TEST_F(HistoryCommand, a_root_cause_says_when_it_was_first_seen) {
  EXPECT_THAT(judge(1, {outcome("6.1", true)}).out, Not(HasSubstr("seen")));
  const Said first = judge(2, {outcome("6.1", false)});
  EXPECT_THAT(first.out, HasSubstr("; first seen in this run\n"));
  EXPECT_THAT(judge(3, {outcome("6.1", false)}).out, HasSubstr("; seen since 1970-01-03\n"));
  const Said again = judge(2, {outcome("6.1", false)});
  EXPECT_EQ(again.out, first.out) << "later runs say nothing of an earlier one";
  const std::string run = (dir_->path() / "run-2").string();
  EXPECT_THAT(says({"report", run, "--format", "markdown"}).out,
              HasSubstr("**first seen in this run**"));
  EXPECT_THAT(says({"judge", run, "--json"}).out,
              HasSubstr("\"seen\": \"first seen in this run\""));
}

TEST_F(HistoryCommand, without_a_history_nothing_is_looked_at_or_kept) {
  judge(1, {outcome("6.1", true)});
  const Said said = judge(2, {outcome("6.1", false)}, {"--no-history"});
  EXPECT_THAT(said.out, Not(HasSubstr("seen")));
  EXPECT_THAT(says({"history", "*"}).out, Not(HasSubstr("unexpected")));
  const Said none = bpfmatrix_says({"history", "*"});
  EXPECT_EQ(none.exit_code, wrong_command);
  EXPECT_THAT(none.err, HasSubstr("there is no history"));
}

TEST_F(HistoryCommand, what_it_does_not_have_is_one_error) {
  EXPECT_EQ(says({"history", "*"}).exit_code, wrong_command);
  EXPECT_FALSE(fs::exists(file_)) << "asking begins none";
  judge(1, {outcome("6.1", true)});
  const Said cell = says({"history", "debian-6.1-x86_64/exec.bfp/kernel/libbpf"});
  EXPECT_EQ(cell.exit_code, wrong_command);
  EXPECT_THAT(cell.err,
              HasSubstr("hint: did you mean 'debian-6.1-x86_64/exec.bpf/kernel/libbpf'?"));
  const Said missing = says({"since", "exec.bfp"});
  EXPECT_EQ(missing.exit_code, wrong_command);
  EXPECT_THAT(missing.err, HasSubstr("hint: did you mean 'exec.bpf'?"));
}

TEST_F(HistoryCommand, a_file_that_is_none_is_refused_before_and_spoils_no_run) {
  ASSERT_TRUE(write_file(file_, "not a history, and somebody needs it"));
  const Said named = judge(1, {outcome("6.1", true)});
  EXPECT_EQ(named.exit_code, wrong_command);
  EXPECT_EQ(named.out, "");
  EXPECT_THAT(named.err, HasSubstr("damaged, or no history"));
  const Said by_default = bpfmatrix_says({"judge", (dir_->path() / "run-1").string()},
                                         std::chrono::seconds(60), {{"BPFMATRIX_HISTORY", file_}});
  EXPECT_EQ(by_default.exit_code, as_expected) << "the run is good";
  EXPECT_THAT(by_default.err, HasSubstr("error: history: '"));
  EXPECT_EQ(*read_file(file_, 100), "not a history, and somebody needs it");
}

TEST_F(HistoryCommand, only_a_run_that_has_an_id_is_kept) {
  const fs::path run = dir_->path() / "old";
  const Outcome one = outcome("6.1", true);
  ASSERT_TRUE(RunDir::create(run, {.objects = {kObject}, .cells = {one.cell}}));
  ASSERT_TRUE(write_file(run / "outcomes.jsonl", to_line(one) + "\n"));
  const Said said = says({"judge", run.string()});
  EXPECT_EQ(said.exit_code, as_expected) << said.err;
  EXPECT_EQ(says({"history", "*"}).exit_code, wrong_command);
}

}  // namespace
}  // namespace bpfmatrix

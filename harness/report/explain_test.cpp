#include "report/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/golden_test_support.h"
#include "report/measured_test_support.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Explain, tells_a_refusal_from_kernel_to_log) {
  Outcome o;
  o.cell = "debian-6.1-x86_64/helper-unknown/kernel/libbpf";
  o.kernel = {
      "debian-6.1-x86_64", "6.1.0-50",           "x86_64", true, 4700000, "", "deb", "linux-image",
      "6.1.176-1",         std::string(64, 'a'), "KEY"};
  o.case_id = "helper-unknown";
  o.btf_source = "kernel";
  o.loader = "libbpf";
  o.end = End::completed;
  o.open.result = StageResult::ok;
  ProgramOutcome p{"prog", "xdp", "xdp", {}, {}};
  p.load.stage = {StageResult::failed, "EINVAL", "BPF program load failed"};
  p.load.log_tail = "0: (85) call unknown#999\ninvalid func unknown#999";
  p.load.log_sha256 = std::string(64, 'b');
  p.load.source = SourceLine{0, "loop.bpf.c", 21, "for (;;)"};
  o.privileges.capabilities = {"CAP_BPF", "CAP_PERFMON"};
  o.privileges.memlock_bytes = 65536;
  o.programs = {p};
  const std::string text = explain(o, {}, "runs/1");
  EXPECT_THAT(text,
              HasSubstr("kernel      debian-6.1-x86_64, 6.1.0-50 x86_64, BTF 4700000 bytes\n"));
  EXPECT_THAT(text, HasSubstr("  load      failed, EINVAL: BPF program load failed\n"));
  EXPECT_THAT(text, HasSubstr("  at        loop.bpf.c:21: for (;;)\n"));
  EXPECT_THAT(text, HasSubstr("privileges  an ordinary user with CAP_BPF, CAP_PERFMON; 65536 bytes "
                              "of locked memory\n"));
  EXPECT_THAT(text, HasSubstr("    | invalid func unknown#999\n"));
  EXPECT_THAT(text, HasSubstr("bpfmatrix explain runs/1 " + o.cell + " --log " + p.name + "\n"));
  EXPECT_THAT(text, HasSubstr("  attach    not reached\n"));
  EXPECT_THAT(
      text,
      HasSubstr("run it again: bpfmatrix run --kernel debian-6.1-x86_64 --case helper-unknown"));
}

TEST(Explain, tells_how_a_command_ended_and_how_to_run_it_again) {
  Outcome o;
  o.loader = "app";
  o.app = {"./app-{arch}", 7, {}, {}, 12};
  EXPECT_THAT(explain(o, {}, "r"),
              HasSubstr("app         './app-{arch}' ended by itself with exit code 7; made 12 "
                        "probe calls\n"));
  EXPECT_THAT(explain(o, {}, "r"), HasSubstr("--loader './app-{arch}'\n"));
  o.app = {"./app", {}, 9, 9, 0};
  EXPECT_THAT(explain(o, {}, "r"), HasSubstr("'./app' stopped with signal 9, ended by signal 9\n"));
}

TEST(Explain, an_application_that_did_not_come_up_is_quoted) {
  Outcome o;
  o.loader = "tool";
  o.app = {"./tool", 1, {}, {}, 0, OwnOutcome{false, {}, "failed to load\nis BTF there?"}};
  EXPECT_THAT(explain(o, {}, "r"),
              HasSubstr("app         './tool' ended by itself with exit code 1; never said that it "
                        "is ready\nits last words:\n  | failed to load\n  | is BTF there?\n"));
}

TEST(Explain, a_summary_comes_first) {
  Outcome o;
  o.end = End::completed;
  o.programs = {ProgramOutcome{"one"}, ProgramOutcome{"two"}};
  for (ProgramOutcome& p : o.programs) {
    p.load.stage.result = StageResult::ok;
    p.attach.stage.result = StageResult::ok;
    p.run.fired = 1;
  }
  EXPECT_THAT(explain(o, {}, "r"), StartsWith("loaded, attached, fired once\n\ncell"));
  o.programs[1].load.stage = {StageResult::failed, "EINVAL", ""};
  o.programs[1].load.log_tail = "0: (85) call unknown#999\ninvalid func unknown#999";
  o.relocate.skipped = 3;
  o.observed = {{"pid", Scalar{7}, Scalar{8}, ObservedResult::wrong}};
  EXPECT_THAT(
      explain(o, {}, "r"),
      StartsWith("1 of 2 programs loaded, attached, fired once; 1 of 2 programs rejected by the "
                 "verifier: helper unknown; 3 relocations were skipped, so its reads "
                 "cannot be trusted; what it read is wrong: 'pid'\n\n"));
  RelocationRecord left;
  left.result = RelocationResult::skipped;
  o.programs[1].relocations = {left, left, left};
  EXPECT_THAT(explain(o, {}, "r"), Not(HasSubstr("cannot be trusted")))
      << "they are of the program that was not loaded";
  o.app.emplace();
  o.app->own = OwnOutcome{{}, false, ""};
  EXPECT_THAT(explain(o, {}, "r"), HasSubstr("; its output is not as wanted; what it read"));
  o.app.reset();
  o.end = End::hung;
  o.end_reason = "no answer in 120 s";
  EXPECT_THAT(explain(o, {}, "r"), StartsWith("not conclusive: hung: no answer in 120 s\n\n"));
}

TEST(Explain, a_message_of_several_lines_stays_in_its_column) {
  Outcome o;
  o.open = {StageResult::failed, "ESRCH", "first\nsecond"};
  EXPECT_THAT(explain(o, {}, "r"),
              HasSubstr("open        failed, ESRCH: first\n            second\n"));
}

/// "  run ..." of a program that is attached, after what came of it.
std::string run_line(const RunOutcome& run) {
  Outcome o;
  o.end = End::completed;
  o.programs = {ProgramOutcome{"p"}};
  o.programs[0].load.stage.result = StageResult::ok;
  o.programs[0].attach.stage.result = StageResult::ok;
  o.programs[0].run = run;
  const std::string text = explain(o, {}, "r");
  const std::size_t at = text.find("  run       ");
  return at == std::string::npos ? "" : text.substr(at + 12, text.find('\n', at) - at - 12);
}

TEST(Explain, a_run_says_whether_it_was_hit_and_how_arguments_were_taken) {
  EXPECT_EQ(run_line({.trigger = "standard", .fired = 1, .arguments = ArgumentsSeen::wrapped}),
            "fired, own count 1, arguments right, read through the inner pt_regs, a "
            "wrapper's only argument");
  EXPECT_THAT(run_line({.trigger = "standard", .fired = 1, .arguments = ArgumentsSeen::wrong}),
              HasSubstr("arguments wrong: the wrapper of a system call has only one"));
  EXPECT_EQ(run_line({.trigger = "standard", .fired = 0, .run_cnt = 9}),
            "did not fire, own count 0, kernel's count 9");
  EXPECT_EQ(run_line({.trigger = "standard"}), "not known whether it fired");
  EXPECT_EQ(run_line({.displaced = true}), "not reached: another program replaced it");
  EXPECT_EQ(run_line({}), "there was no trigger");
}

/// Three cells of ci/measured, whole.
TEST(Explain, tells_three_cells_that_were_measured) {
  const auto outcomes = measured_outcomes();
  const Result<Features> features = load_features(BPFMATRIX_SOURCE_DIR "/kernels/features.json");
  ASSERT_TRUE(features) << features.error().message;
  for (const std::string cell : {"debian-5.10-x86_64/helper-too-new/kernel/libbpf",
                                 "debian-6.1-aarch64/connect-kprobe-names/kernel/libbpf",
                                 "debian-6.12-x86_64/stale-offsets/none/libbpf"}) {
    const auto outcome = std::find_if(outcomes.begin(), outcomes.end(),
                                      [&](const Outcome& one) { return one.cell == cell; });
    ASSERT_NE(outcome, outcomes.end()) << cell;
    expect_golden(std::filesystem::path(BPFMATRIX_SOURCE_DIR "/harness/report/testdata") /
                      ("explain-" + outcome->case_id + ".txt"),
                  explain(*outcome, *features, "RUN"));
  }
}

TEST(Explain, a_lost_machine_shows_its_console) {
  Outcome o;
  o.end = End::panicked;
  o.end_reason = "Kernel panic - not syncing: sysrq triggered crash";
  o.console_tail = "Call Trace:\n ---[ end Kernel panic ]---";
  const std::string text = explain(o, {}, "r");
  EXPECT_THAT(
      text, HasSubstr("end         panicked: Kernel panic - not syncing: sysrq triggered crash\n"));
  EXPECT_THAT(text, HasSubstr("  | Call Trace:\n"));
}

}  // namespace
}  // namespace bpfmatrix

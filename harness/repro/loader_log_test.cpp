#include "repro/loader_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

/// What libbpf 1.x prints when two programs of an object fail.
constexpr const char* kLibbpf = R"(libbpf: loading object 'prog' from buffer
libbpf: elf: section(3) kprobe/sys_connect, size 128, link 0, flags 6, type=1
libbpf: prog 'uses_loop': BPF program load failed: Invalid argument
libbpf: prog 'uses_loop': -- BEGIN PROG LOAD LOG --
0: R1=ctx(off=0,imm=0) R10=fp0
5: (85) call bpf_loop#181
invalid func unknown#181
processed 6 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
-- END PROG LOAD LOG --
libbpf: prog 'uses_loop': failed to load: -22
libbpf: map 'filter': failed to create: Invalid argument(-22)
libbpf: prog 'on_connect': failed to create kprobe 'sys_connect+0x0' perf event: No such file or directory
)";

/// An application that uses Aya, on a kernel without BTF, as its users see it.
constexpr const char* kAya = R"(Warning: Kernel BTF missing. Running in non-portable mode.
[2024-11-07T04:28:51Z DEBUG aya::bpf] BPF Feature Detection: Features {
        bpf_name: true,
    }
[2024-11-07T04:28:51Z DEBUG aya_obj::btf::btf] [DATASEC] .rodata: fixup size to 36
[2024-11-07T04:28:51Z DEBUG aya_obj::relocation] relocating program `my_printk` function `my_printk` size 399
[2024-11-07T04:28:51Z DEBUG aya_obj::relocation] finished relocating program `my_printk` function `memset`
[2024-11-07T04:28:51Z DEBUG aya_obj::relocation] finished relocating program `my_printk` function `my_printk`
[DEBUG aya_obj::relocation] finished relocating program `other` function `other`
Waiting for Ctrl-C...
)";

void expect_claim(const LogClaim& claim, std::size_t line, Stage stage, const char* name,
                  bool failed, const char* errno_name, Cause cause = Cause::unknown) {
  SCOPED_TRACE(claim.text);
  EXPECT_EQ(claim.line, line);
  EXPECT_EQ(claim.stage, stage);
  EXPECT_EQ(claim.name, name);
  EXPECT_EQ(claim.failed, failed);
  EXPECT_EQ(claim.errno_name, errno_name);
  EXPECT_EQ(to_string(claim.cause), to_string(cause));
}

TEST(LoaderLog, libbpf_says_what_failed_and_the_verifier_why) {
  const std::vector<LogClaim> claims = read_loader_log(kLibbpf);
  ASSERT_THAT(claims, SizeIs(4)) << "the same load a second time is left out";
  expect_claim(claims[0], 3, Stage::load, "uses_loop", true, "EINVAL");
  expect_claim(claims[1], 7, Stage::load, "uses_loop", true, "", Cause::helper_unknown);
  EXPECT_EQ(claims[1].text, "invalid func unknown#181");
  expect_claim(claims[2], 11, Stage::map, "filter", true, "EINVAL");
  expect_claim(claims[3], 12, Stage::attach, "on_connect", true, "ENOENT");
}

TEST(LoaderLog, aya_says_what_it_relocated_and_that_there_is_no_btf) {
  const std::vector<LogClaim> claims = read_loader_log(kAya);
  ASSERT_THAT(claims, SizeIs(4));
  expect_claim(claims[0], 1, Stage::relocate, "", true, "", Cause::no_kernel_btf);
  expect_claim(claims[1], 7, Stage::relocate, "my_printk", false, "");
  expect_claim(claims[2], 9, Stage::relocate, "other", false, "");  // a logger without a clock
  expect_claim(claims[3], 10, Stage::attach, "", false, "");
  EXPECT_TRUE(says_no_kernel_btf(claims));
}

TEST(LoaderLog, a_failed_load_of_aya_brings_the_verifiers_words_along) {
  const std::vector<LogClaim> claims = read_loader_log(
      "Error: the BPF_PROG_LOAD syscall returned Permission denied (os error 13). Verifier output: "
      "0: (61) r6 = *(u32 *)(r1 +0)\nR1 invalid mem access 'inv'\n\nCaused by: x\n");
  ASSERT_THAT(claims, SizeIs(2));
  expect_claim(claims[0], 1, Stage::load, "", true, "EACCES");
  expect_claim(claims[1], 2, Stage::load, "", true, "", Cause::scalar_dereference);
}

TEST(LoaderLog, errnos_are_known_in_each_way_that_loaders_write_them) {
  const std::pair<const char*, const char*> lines[] = {
      {"libbpf: prog 'p': failed to load: -7", "E2BIG"},
      {"libbpf: prog 'p': BPF program load failed: Argument list too long", "E2BIG"},
      {"libbpf: prog 'p': BPF program load failed: unknown error (-524)", "ENOTSUPP"},
      {"libbpf: load bpf program failed: Operation not permitted", "EPERM"},
      {"libbpf: failed to create map (name: 'm'): Cannot allocate memory(-12)", "ENOMEM"},
      {"libbpf: prog 'p': BPF program load failed: what is this", ""}};
  for (const auto& [line, wanted] : lines) {
    const std::vector<LogClaim> claims = read_loader_log(line);
    ASSERT_THAT(claims, SizeIs(1)) << line;
    EXPECT_EQ(claims[0].errno_name, wanted) << line;
  }
}

TEST(LoaderLog, what_says_nothing_of_a_stage_gives_no_claim) {
  EXPECT_THAT(read_loader_log(""), IsEmpty());
  EXPECT_THAT(read_loader_log("hello\n\nlibbpf: loading object 'x' from buffer\n\xff\xfe"),
              IsEmpty());
}

TEST(LoaderLog, a_log_without_end_is_bounded) {
  std::string log;
  for (int i = 0; i < 5000; ++i)
    log += "libbpf: prog 'p" + std::to_string(i) + "': failed to load: -22\n";
  EXPECT_THAT(read_loader_log(log), SizeIs(1000));
}

Outcome outcome_here() {
  Outcome outcome;
  outcome.end = End::completed;
  outcome.btf_source = "kernel";
  outcome.open.result = StageResult::ok;
  outcome.relocate.stage.result = StageResult::ok;
  ProgramOutcome loop;
  loop.name = "uses_loop";
  loop.load.stage = {StageResult::failed, "EINVAL", ""};
  loop.load.log_tail = "5: (85) call bpf_loop#181\ninvalid func unknown#181\n";
  ProgramOutcome connect;
  connect.name = "on_connect";
  connect.load.stage.result = StageResult::ok;
  connect.attach.stage.result = StageResult::ok;
  outcome.programs = {loop, connect};
  return outcome;
}

TEST(LoaderLog, each_line_is_compared_with_what_the_run_recorded) {
  const auto compared = compare_claims(read_loader_log(kLibbpf), outcome_here(), nullptr);
  ASSERT_THAT(compared, SizeIs(4));
  const std::pair<Agreement, const char*> wanted[] = {
      {Agreement::same, "load of 'uses_loop': failed, EINVAL"},
      {Agreement::same, "cause of 'uses_loop': helper_unknown"},
      {Agreement::not_compared, "map 'filter': there is none here"},
      {Agreement::different, "attach of 'on_connect': ok"}};
  for (std::size_t i = 0; i < compared.size(); ++i) {
    EXPECT_EQ(to_string(compared[i].agreement), to_string(wanted[i].first)) << i;
    EXPECT_EQ(compared[i].here, wanted[i].second);
  }
}

/// libbpf alone does not know that it is about callbacks; the record of the object does.
TEST(LoaderLog, the_verifiers_own_words_are_the_same_whatever_cause_they_are_put_down_to) {
  constexpr const char* kReason = "number of funcs in func_info doesn't match number of subprogs";
  Outcome outcome = outcome_here();
  outcome.object.callbacks = true;
  outcome.programs[0].load.log_tail = std::string("func#0 @0\n") + kReason + "\n";
  const std::string log = std::string("libbpf: prog 'uses_loop': BPF program load failed: ") +
                          "Invalid argument\nlibbpf: prog 'uses_loop': -- BEGIN PROG LOAD LOG "
                          "--\nfunc#0 @0\n" +
                          kReason + "\n-- END PROG LOAD LOG --\n";
  const auto compared = compare_claims(read_loader_log(log), outcome, nullptr);
  ASSERT_THAT(compared, SizeIs(2));
  EXPECT_EQ(compared[1].claim.text, kReason);
  EXPECT_EQ(compared[1].agreement, Agreement::same) << compared[1].here;
}

TEST(LoaderLog, btf_that_is_missing_there_is_missing_here_or_not) {
  Outcome outcome = outcome_here();
  const std::vector<LogClaim> claims = read_loader_log(kAya);
  EXPECT_EQ(compare_claims(claims, outcome, nullptr)[0].agreement, Agreement::same);
  outcome.kernel.btf_present = true;
  EXPECT_EQ(compare_claims(claims, outcome, nullptr)[0].agreement, Agreement::different);
  outcome.btf_source = "none";
  EXPECT_EQ(compare_claims(claims, outcome, nullptr)[0].agreement, Agreement::same);
}

}  // namespace
}  // namespace bpfmatrix

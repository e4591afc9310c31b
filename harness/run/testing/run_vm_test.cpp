// Whole runs on real kernels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cell/differences.h"
#include "run/testing/vm_fixture.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunVm : public VmFixture {};

TEST_F(RunVm, a_panic_costs_its_own_cell_only) {
  for (const std::string kernel : {"debian-6.1-x86_64", "debian-6.1-aarch64"}) {
    // The panicking case is planned before the other one: the suite is ordered by group and id.
    const auto outcomes =
        run_cases({kernel}, {"panic-sysrq", "core-task-tgid", "ringbuf"}, {{BtfSource::kernel}});
    const Outcome& panic = find(outcomes, kernel + "/panic-sysrq/kernel/libbpf");
    EXPECT_EQ(panic.end, End::panicked) << to_string(panic.end) << ": " << panic.end_reason;
    EXPECT_THAT(panic.end_reason, HasSubstr("sysrq triggered crash"));
    EXPECT_THAT(panic.console_tail, HasSubstr("write_sysrq_trigger"));
    for (const std::string other : {"core-task-tgid", "ringbuf"}) {
      const Outcome& outcome = find(outcomes, kernel + "/" + other + "/kernel/libbpf");
      EXPECT_EQ(outcome.end, End::completed) << outcome.end_reason;
      EXPECT_EQ(outcome.programs.at(0).load.stage.result, StageResult::ok);
    }
  }
}

TEST_F(RunVm, what_the_kernel_complains_of_is_recorded_with_the_cell_in_which_it_did) {
  // As the kernel would have said it; that the path is the kernel's own is kept in vm/testdata.
  const std::string warning = "WARNING: CPU: 0 PID: 1 at kernel/bpf/core.c:7 bpf_check+0x1/0x20";
  CaseSpec complains;
  complains.id = "a-complains";
  complains.object = SourceObject{BPFMATRIX_SOURCE_DIR "/cases/maps/ringbuf/ringbuf.bpf.c"};
  complains.trigger.emplace();
  complains.trigger->write = WriteTrigger{"/dev/kmsg", "<4>" + warning + "\n"};
  CaseSpec quiet = complains;
  quiet.id = "b-quiet";
  quiet.trigger.reset();
  for (const Isolation isolation : {Isolation::cell, Isolation::kernel}) {
    settings_.isolation = isolation;
    const auto outcomes = run_suite(
        {.kernels = {"debian-6.1-x86_64"}, .btf = {{BtfSource::kernel}}, .loaders = {{"libbpf"}}},
        {complains, quiet});
    const Outcome& loud = find(outcomes, "debian-6.1-x86_64/a-complains/kernel/libbpf");
    ASSERT_TRUE(loud.splats);
    ASSERT_THAT(*loud.splats, ::testing::SizeIs(1));
    EXPECT_EQ(loud.splats->at(0).name, "WARNING: at kernel/bpf/core.c bpf_check");
    EXPECT_THAT(loud.splats->at(0).excerpt, HasSubstr(warning));
    EXPECT_EQ(loud.end, End::completed);
    const Outcome& other = find(outcomes, "debian-6.1-x86_64/b-quiet/kernel/libbpf");
    ASSERT_TRUE(other.splats);
    EXPECT_THAT(*other.splats, IsEmpty());
  }
}

/// Every third case of the suite, from the one with this number.
std::vector<std::string> third_of_suite(std::size_t first) {
  const auto suite = read_suite(BPFMATRIX_SOURCE_DIR "/cases");
  EXPECT_TRUE(suite) << suite.error().message;
  std::vector<std::string> ids;
  for (std::size_t i = first; i < suite->size(); i += 3) ids.push_back((*suite)[i].id);
  return ids;
}

TEST_F(RunVm, a_clone_for_each_cell_and_one_vm_for_all_come_to_the_same) {
  const std::map<std::string, std::vector<std::string>> parts{
      {"debian-6.1-x86_64", third_of_suite(0)}, {"debian-6.1-aarch64", third_of_suite(1)}};
  for (const auto& [kernel, cases] : parts) {
    settings_.isolation = Isolation::cell;
    const auto apart = run_cases({kernel}, cases);
    settings_.isolation = Isolation::kernel;
    const auto together = run_cases({kernel}, cases);
    EXPECT_GT(apart.size(), 20U);
    std::size_t cloned = 0;
    for (const Outcome& outcome : apart) {
      cloned += outcome.vm.cloned ? 1 : 0;
      EXPECT_THAT(differences(outcome, find(together, outcome.cell)), IsEmpty()) << outcome.cell;
    }
    EXPECT_GT(cloned, apart.size() * 9 / 10);
  }
}

TEST_F(RunVm, a_cold_check_finds_a_clone_to_be_as_good_as_a_booted_machine) {
  settings_.cold_check = 1;
  for (const Outcome& outcome :
       run_cases({"debian-6.1-aarch64"}, {"core-task-tgid", "ringbuf"}, {{BtfSource::kernel}})) {
    EXPECT_TRUE(outcome.vm.cloned);
    EXPECT_TRUE(outcome.vm.cold_checked);
    EXPECT_THAT(outcome.vm.flaky, IsEmpty());
  }
}

TEST_F(RunVm, the_btf_source_decides_what_can_be_relocated) {
  const std::string kernel = "debian-6.1-x86_64";
  const auto outcomes = run_cases({kernel}, {"core-task-tgid"},
                                  {{BtfSource::kernel, BtfSource::embedded, BtfSource::none}});
  for (const std::string source : {"kernel", "embedded"}) {
    const Outcome& outcome = find(outcomes, kernel + "/core-task-tgid/" + source + "/libbpf");
    EXPECT_EQ(outcome.end, End::completed) << outcome.end_reason;
    EXPECT_GT(outcome.relocate.applied.value_or(0), 0) << source;
    EXPECT_EQ(outcome.programs.at(0).load.stage.result, StageResult::ok) << source;
  }
  const Outcome& none = find(outcomes, kernel + "/core-task-tgid/none/libbpf");
  EXPECT_EQ(none.end, End::completed);
  EXPECT_EQ(none.relocate.stage.result, StageResult::failed);
  EXPECT_EQ(none.programs.at(0).load.stage.result, StageResult::not_reached);
}

TEST_F(RunVm, one_refused_program_does_not_hide_the_others) {
  const auto outcomes =
      run_cases({"debian-5.10-x86_64"}, {"license-missing"}, {{BtfSource::kernel}});
  ASSERT_EQ(outcomes.size(), 1U);
  std::map<std::string, StageResult> loads;
  for (const ProgramOutcome& program : outcomes[0].programs)
    loads[program.name] = program.load.stage.result;
  EXPECT_EQ(loads.at("needs_none"), StageResult::ok);
  EXPECT_EQ(loads.at("needs_gpl"), StageResult::failed);
}

TEST_F(RunVm, a_kernel_that_cannot_be_had_is_unavailable_and_costs_nobody_else) {
  settings_.fetch.store = Store(scratch_->path() / "empty-store");
  settings_.fetch.mirror = "http://127.0.0.1:9/debian";  // nobody listens on the discard port
  const auto outcomes = run_cases({"debian-5.10-x86_64"}, {"libxdp1-xdpfilt-alw-all"});
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].end, End::unavailable);
  EXPECT_THAT(outcomes[0].end_reason, HasSubstr("debian-5.10-x86_64"));
}

}  // namespace
}  // namespace bpfmatrix

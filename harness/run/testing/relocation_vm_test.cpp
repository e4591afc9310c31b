// The relocations of the suite on real kernels: what is recorded is what that kernel's BTF says to
// libbpf's own API, and all witnesses agree.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "run/testing/kernel_answers.h"
#include "run/testing/vm_fixture.h"

namespace bpfmatrix {
namespace {

const std::vector<std::string> kCases{
    "core-anonymous-member", "core-array-element", "core-bitfield",      "core-enum-value",
    "core-enum-wide",        "core-field-guarded", "core-flavour-state", "core-subprogram",
    "core-task-tgid",        "core-type-ids",      "core-type-info",     "core-type-matches"};

std::string number(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "none";
}

class RelocationVm : public VmFixture, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Kernels, RelocationVm,
                         ::testing::Values("debian-5.10-x86_64", "debian-6.1-x86_64",
                                           "debian-6.12-x86_64", "debian-7.x-x86_64",
                                           "debian-6.1-aarch64", "debian-6.12-aarch64",
                                           "debian-7.x-aarch64"));

TEST_P(RelocationVm, each_target_value_is_what_the_kernels_btf_says) {
  const Result<Kernel> kernel = kernels_->find(GetParam());
  ASSERT_TRUE(kernel) << kernel.error().message;
  ASSERT_TRUE(kernel->btf);
  const KernelAnswers answers(kernel->btf->file);
  std::set<std::string> kinds;
  std::size_t relocations = 0;
  for (const Outcome& outcome : run_cases({GetParam()}, kCases, {{BtfSource::kernel}})) {
    EXPECT_EQ(outcome.end, End::completed) << outcome.cell << ": " << outcome.end_reason;
    for (const ProgramOutcome& program : outcome.programs) {
      EXPECT_FALSE(program.relocations.empty()) << outcome.cell;
      for (const RelocationRecord& record : program.relocations) {
        const std::string where = fmt::format("{} '{}' #{} {} {}", outcome.cell, program.name,
                                              record.index, record.kind, record.local);
        EXPECT_EQ(number(record.target_value), number(answers.answer(record))) << where;
        EXPECT_EQ(to_string(record.cross_check), "agrees")
            << where << ": " << record.cross_check_note;
        EXPECT_TRUE(record.linked_insn) << where;
        kinds.insert(record.kind);
        ++relocations;
      }
    }
  }
  EXPECT_GE(relocations, 50U);
  EXPECT_EQ(kinds.size(), 13U) << fmt::format("{}", fmt::join(kinds, ", "));
}

class PoisonVm : public VmFixture {};

TEST_F(PoisonVm, poison_that_is_reached_is_named_and_poison_in_dead_code_does_no_harm) {
  const std::string kernel = "debian-6.1-x86_64";
  const auto outcomes =
      run_cases({kernel}, {"core-field-guarded", "core-subprogram"}, {{BtfSource::kernel}});
  const Outcome& guarded = find(outcomes, kernel + "/core-field-guarded/kernel/libbpf");
  EXPECT_EQ(guarded.relocate.poisoned, 1);
  EXPECT_EQ(guarded.programs.at(0).load.stage.result, StageResult::ok);
  const Outcome& reached = find(outcomes, kernel + "/core-subprogram/kernel/libbpf");
  const ProgramOutcome& program = reached.programs.at(1);
  EXPECT_EQ(program.load.stage.result, StageResult::failed);
  const auto poisoned = std::find_if(
      program.relocations.begin(), program.relocations.end(),
      [](const RelocationRecord& record) { return record.result == RelocationResult::poisoned; });
  ASSERT_NE(poisoned, program.relocations.end());
  // The verifier's place is the record's, though the function was linked behind another one.
  EXPECT_THAT(program.load.log_tail,
              ::testing::HasSubstr(fmt::format("{}: (85) call unknown#195896080",
                                               poisoned->linked_insn.value_or(0))));
}

}  // namespace
}  // namespace bpfmatrix

// A kernel that has no BTF, built here: what is read there without, and with the BTF made for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/vm_fixture.h"

namespace bpfmatrix {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;

constexpr const char* kKernel = "linux-5.10-nobtf-x86_64";

class NoBtfVm : public VmFixture {
 protected:
  std::vector<Outcome> run_case(const std::string& id, BtfSource btf) {
    auto outcomes = run_cases({kKernel}, {id}, {{btf}});
    EXPECT_EQ(outcomes.size(), 1U);
    for (const Outcome& outcome : outcomes) {
      EXPECT_EQ(outcome.end, End::completed) << outcome.end_reason;
      EXPECT_FALSE(outcome.kernel.btf_present) << "embedded or not, the guest has none";
    }
    return outcomes;
  }
};

TEST_F(NoBtfVm, without_btf_core_is_refused_and_nothing_is_guessed) {
  for (const BtfSource btf : {BtfSource::kernel, BtfSource::none}) {
    const auto outcomes = run_case("core-task-tgid", btf);
    EXPECT_EQ(outcomes.at(0).relocation.stage.result, StageResult::refused) << to_string(btf);
    EXPECT_EQ(outcomes.at(0).programs.at(0).load.stage.result, StageResult::not_tried);
  }
}

TEST_F(NoBtfVm, with_the_btf_made_for_it_core_reads_right) {
  const auto outcomes = run_case("core-task-tgid", BtfSource::embedded);
  const Outcome& outcome = outcomes.at(0);
  EXPECT_GT(outcome.relocation.applied.value_or(0), 0);
  EXPECT_EQ(outcome.relocation.skipped.value_or(-1), 0);
  EXPECT_EQ(outcome.programs.at(0).attach.stage.result, StageResult::ok);
  for (const std::string name : {"pid", "ppid", "comm"}) {
    EXPECT_THAT(outcome.observed,
                Contains(AllOf(Field(&ObservedValue::name, name),
                               Field(&ObservedValue::result, ObservedResult::right))))
        << name;
  }
}

TEST_F(NoBtfVm, another_kernels_offsets_load_and_read_wrong) {
  const auto outcomes = run_case("stale-offsets", BtfSource::none);
  const Outcome& outcome = outcomes.at(0);
  EXPECT_EQ(outcome.programs.at(0).load.stage.result, StageResult::ok);
  EXPECT_EQ(outcome.programs.at(0).attach.stage.result, StageResult::ok);
  EXPECT_THAT(outcome.observed, Contains(Field(&ObservedValue::result, ObservedResult::wrong)));
}

}  // namespace
}  // namespace bpfmatrix

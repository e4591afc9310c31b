// An object that forges its loader's record, on real kernels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/testing/vm_fixture.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

class ForgeVm : public VmFixture {};

TEST_F(ForgeVm, what_the_kernel_does_not_bear_out_is_lost_and_the_contradiction_named) {
  CaseSpec spec;
  spec.id = "forge";
  spec.object =
      SourceObject{BPFMATRIX_SOURCE_DIR "/harness/guest/loader/libbpf/testdata/forge.bpf.c"};
  // Attached by a perf event alone, and by a link.
  const std::vector<Outcome> outcomes =
      run_suite({.kernels = {"debian-5.10-x86_64", "debian-6.1-aarch64"}}, {spec});
  ASSERT_EQ(outcomes.size(), 2U);
  for (const Outcome& outcome : outcomes) {
    SCOPED_TRACE(outcome.cell);
    EXPECT_EQ(outcome.end, End::lost);
    EXPECT_THAT(outcome.end_reason,
                HasSubstr("'missing' was attached, and the kernel lists nothing that attaches"));
    EXPECT_EQ(outcome.vm.attempts.size(), 3U) << "a lost cell is tried again";
  }
}

}  // namespace
}  // namespace bpfmatrix

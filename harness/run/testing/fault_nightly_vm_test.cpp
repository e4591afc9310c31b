// Faults of the other architecture that a kernel has to be built for: `ci/test.sh all` builds it.
#include "run/testing/fault_vm_fixture.h"

namespace bpfmatrix {
namespace {

using FaultNightlyVm = FaultVm;

TEST_F(FaultNightlyVm, oops_bug_and_hung_task_are_recognised_on_aarch64) {
  const std::string kernel = "linux-5.10-nobtf-aarch64";
  expect_recognised(kernel, request(kernel, Modules::without), kProvoked);
}

}  // namespace
}  // namespace bpfmatrix

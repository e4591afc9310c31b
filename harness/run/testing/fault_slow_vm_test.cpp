// Faults that a kernel has to be built for (kernels/config/faults.config), and a true triple fault.
#include "run/testing/fault_vm_fixture.h"

namespace bpfmatrix {
namespace {

using FaultSlowVm = FaultVm;

TEST_F(FaultSlowVm, oops_bug_and_hung_task_are_recognised) {
  const std::string kernel = "linux-5.10-nobtf-x86_64";
  expect_recognised(kernel, request(kernel, Modules::without), kProvoked);
}

TEST_F(FaultSlowVm, a_triple_fault_is_the_end_of_the_machine) {
  TemplateRequest wanted = request("debian-6.1-x86_64");
  wanted.key.spec.kernel_arguments = {"reboot=t,force"};
  expect_recognised("debian-6.1-x86_64", wanted,
                    {{"reset", End::lost, "QEMU ended with exit code 0"}});
}

}  // namespace
}  // namespace bpfmatrix

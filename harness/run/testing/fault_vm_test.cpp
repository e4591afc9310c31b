// Faults in clones: each is recognised, over within its deadline, and costs no other cell anything.
// What `run` makes of them: fault_table_vm_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "run/testing/fault_vm_fixture.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const std::vector<Fault> kFaults = {
    {"panic", End::panicked, "Kernel panic - not syncing: sysrq triggered crash"},
    {"memory", End::panicked, "Kernel panic - not syncing: Out of memory: .*panic_on_oom.*"},
    {"lockup", End::hung, "watchdog: BUG: soft lockup - CPU#0 stuck for .*"},
    {"reset", End::lost, "QEMU ended with exit code 0"},
    {"garbage", End::lost, "guest agent: not a frame: wrong magic"},
};

TEST_F(FaultVm, each_is_recognised_within_its_deadline) {
  for (const std::string kernel : kOneOfEach) expect_recognised(kernel, request(kernel), kFaults);
}

TEST_F(FaultVm, a_loader_that_never_returns_and_one_that_floods_the_console_cost_their_own_time) {
  for (const std::string kernel : kOneOfEach) {
    const Template made = get(request(kernel));
    for (const char* fault : {"silence", "flood"}) {
      SCOPED_TRACE(kernel + " " + fault);
      GuestClone guest = clone(made);
      put_program(guest, kernel);
      const Result<Exited> exited = run(guest, fault, 1s);
      ASSERT_TRUE(exited) << exited.error().message;
      EXPECT_TRUE(exited->timed_out);
      EXPECT_TRUE(guest.session->read_file("/proc/version", 4096, soon()));
    }
  }
}

TEST_F(FaultVm, a_qemu_that_is_stopped_is_hung_and_goes_all_the_same) {
  for (const std::string kernel : kOneOfEach) {
    SCOPED_TRACE(kernel);
    GuestClone guest = clone(get(request(kernel)));
    const pid_t qemu = guest.vm.qemu_pid();
    ASSERT_EQ(::kill(qemu, SIGSTOP), 0);
    const auto text = guest.session->read_file("/proc/version", 4096, Clock::now() + 1s);
    ASSERT_FALSE(text);
    const Clock::time_point started = Clock::now();
    const VmExit exit = end_of(guest, text.error().message);
    EXPECT_LT(Clock::now() - started, kGoing);
    EXPECT_EQ(exit.end, End::hung);
    EXPECT_EQ(exit.reason, "guest agent: no answer before the deadline");
    EXPECT_EQ(::kill(qemu, 0), -1);
  }
}

TEST_F(FaultVm, a_template_cut_short_under_a_clone_costs_that_clone) {
  for (const std::string kernel : kOneOfEach) {
    SCOPED_TRACE(kernel);
    const TemplateRequest wanted = request(kernel);
    const Template made = get(wanted);
    GuestClone guest = clone(made);
    put_program(guest, kernel);
    fs::resize_file(folder(wanted) / kTemplateRam, 4096);
    const Result<Exited> exited = run(guest, "silence", 1s);
    ASSERT_FALSE(exited);
    const VmExit exit = end_of(guest, exited.error().message);
    EXPECT_EQ(exit.end, End::lost);
    EXPECT_EQ(exit.reason, "QEMU ended with signal 7 (Bus error)");
    EXPECT_FALSE(clone_guest(made, "", soon()));
    clone(get(wanted));
  }
}

}  // namespace
}  // namespace bpfmatrix

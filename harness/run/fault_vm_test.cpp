// The table of faults: each is brought about in a clone, recognised, over within its deadline, and
// costs nobody else anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "base/file.h"
#include "run/template_vm_fixture.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr std::string_view kProgram = "/run/bpfmatrix/fault";
/// What the guest gets, and what it may cost beyond that.
constexpr auto kDeadline = 12s;
constexpr auto kGoing = 4s;

struct Fault {
  const char* name;
  End end;
  const char* reason;
};
constexpr Fault kFaults[] = {
    {"panic", End::panicked, "Kernel panic - not syncing: sysrq triggered crash"},
    {"memory", End::panicked, "Kernel panic - not syncing: Out of memory: .*panic_on_oom.*"},
    {"lockup", End::hung, "watchdog: BUG: soft lockup - CPU#0 stuck for .*"},
    {"reset", End::lost, "QEMU ended with exit code 0"},
    {"garbage", End::lost, "guest agent: not a frame: wrong magic"},
};

class FaultVm : public TemplateVmFixture {
 protected:
  static void put_program(GuestClone& guest, const std::string& kernel) {
    const std::string arch = kernel.ends_with("x86_64") ? "x86_64" : "aarch64";
    const auto bytes =
        read_file(fs::path(BPFMATRIX_BINARY_DIR) / "test-guest" / ("fault." + arch), 16 << 20);
    ASSERT_TRUE(bytes) << bytes.error().message;
    const auto put = guest.session->put_file(kProgram, *bytes, 0755, soon());
    ASSERT_TRUE(put) << put.error().message;
  }

  static Result<Exited> run(GuestClone& guest, const std::string& fault,
                            std::chrono::milliseconds guest_deadline) {
    const RunRequest request{.argv = {std::string(kProgram), fault},
                             .deadline_ms = guest_deadline.count()};
    const RunEvents events{.on_err = [&](std::string_view said) { ADD_FAILURE() << said; }};
    return guest.session->run(request, "", events, Clock::now() + kDeadline);
  }

  /// As run/guest_vm.cpp does.
  static VmExit end_of(GuestClone& guest, const std::string& seen) {
    const bool hung = guest.session->state() == SessionState::hung;
    return guest.vm.stop(hung ? Stop::deadline : Stop::channel_lost, seen);
  }
};

TEST_F(FaultVm, each_is_recognised_within_its_deadline) {
  for (const std::string kernel : kOneOfEach) {
    const Template made = get(request(kernel));
    for (const Fault& fault : kFaults) {
      SCOPED_TRACE(kernel + " " + fault.name);
      GuestClone guest = clone(made);
      put_program(guest, kernel);
      const Clock::time_point started = Clock::now();
      const Result<Exited> exited = run(guest, fault.name, 60s);
      ASSERT_FALSE(exited);
      const VmExit exit = end_of(guest, exited.error().message);
      EXPECT_LT(Clock::now() - started, kDeadline + kGoing);
      EXPECT_EQ(to_string(exit.end), to_string(fault.end)) << exit.reason << exit.console_tail;
      EXPECT_THAT(exit.reason, MatchesRegex(fault.reason));
    }
    EXPECT_TRUE(clone(made).session->read_file("/proc/version", 4096, soon()));
  }
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
  const Template made = get(request("debian-6.1-aarch64"));
  GuestClone guest = clone(made);
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

TEST_F(FaultVm, a_template_cut_short_under_a_clone_costs_that_clone) {
  const TemplateRequest wanted = request("debian-6.1-aarch64");
  const Template made = get(wanted);
  GuestClone guest = clone(made);
  put_program(guest, "debian-6.1-aarch64");
  fs::resize_file(folder(wanted) / kTemplateRam, 4096);
  const Result<Exited> exited = run(guest, "silence", 1s);
  ASSERT_FALSE(exited);
  const VmExit exit = end_of(guest, exited.error().message);
  EXPECT_EQ(exit.end, End::lost);
  EXPECT_EQ(exit.reason, "QEMU ended with signal 7 (Bus error)");
  EXPECT_FALSE(clone_guest(made, "", soon()));
  clone(get(wanted));
}

}  // namespace
}  // namespace bpfmatrix

// For the tests that bring about faults in clones: each is to be recognised, over within its
// deadline, and to cost no other cell anything.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "run/testing/template_vm_fixture.h"

namespace bpfmatrix {

inline constexpr std::string_view kFaultProgram = "/run/bpfmatrix/fault";
/// What the guest gets, which is many times what it needs on a machine that does nothing else (to
/// fill its memory takes longest), and what it may cost beyond that.
inline constexpr std::chrono::seconds kFaultDeadline{60};
/// What hangs is waited for to the end.
inline constexpr std::chrono::seconds kHungDeadline{12};
inline constexpr std::chrono::seconds kGoing{4};

struct Fault {
  const char* name;
  End end;
  const char* reason;
};

/// Those that need a kernel with kernels/config/faults.config.
inline const std::vector<Fault> kProvoked = {
    {"oops", End::panicked, "(Unable to handle|BUG:) kernel NULL pointer dereference.*"},
    // The file and line of a BUG need CONFIG_DEBUG_BUGVERBOSE.
    {"bug", End::panicked, "(invalid opcode: 0000|Internal error: Oops - BUG: [0-9a-f]+) .*"},
    {"hung_task", End::hung, "INFO: task fault:[0-9]+ blocked for more than 1 seconds\\."},
};

class FaultVm : public TemplateVmFixture {
 protected:
  static void put_program(GuestClone& guest, const std::string& kernel) {
    const std::string arch = kernel.ends_with("x86_64") ? "x86_64" : "aarch64";
    const auto bytes = read_file(
        std::filesystem::path(BPFMATRIX_BINARY_DIR) / "test-guest" / ("fault." + arch), 16 << 20);
    ASSERT_TRUE(bytes) << bytes.error().message;
    const auto put = guest.session->put_file(kFaultProgram, *bytes, 0755, soon());
    ASSERT_TRUE(put) << put.error().message;
  }

  static Result<Exited> run(GuestClone& guest, const std::string& fault,
                            std::chrono::milliseconds guest_deadline,
                            std::chrono::seconds deadline = kFaultDeadline) {
    const RunRequest request{.argv = {std::string(kFaultProgram), fault},
                             .deadline_ms = guest_deadline.count()};
    const RunEvents events{.on_err = [&](std::string_view said) { ADD_FAILURE() << said; }};
    return guest.session->run(request, "", events, Clock::now() + deadline);
  }

  /// As run/guest_vm.cpp does.
  static VmExit end_of(GuestClone& guest, const std::string& seen) {
    const bool hung = guest.session->state() == SessionState::hung;
    return guest.vm.stop(hung ? Stop::deadline : Stop::channel_lost, seen);
  }

  /// In a clone each, of a template that serves on afterwards.
  void expect_recognised(const std::string& kernel, const TemplateRequest& wanted,
                         const std::vector<Fault>& faults) {
    const Template made = get(wanted);
    for (const Fault& fault : faults) {
      SCOPED_TRACE(kernel + " " + fault.name);
      GuestClone guest = clone(made);
      put_program(guest, kernel);
      const Clock::time_point started = Clock::now();
      const Result<Exited> exited = run(guest, fault.name, 2 * kFaultDeadline,
                                        fault.end == End::hung ? kHungDeadline : kFaultDeadline);
      ASSERT_FALSE(exited);
      const VmExit exit = end_of(guest, exited.error().message);
      EXPECT_LT(Clock::now() - started, kFaultDeadline + kGoing);
      EXPECT_EQ(to_string(exit.end), to_string(fault.end)) << exit.reason << exit.console_tail;
      EXPECT_THAT(exit.reason, ::testing::MatchesRegex(fault.reason));
    }
    EXPECT_TRUE(clone(made).session->read_file("/proc/version", 4096, soon()));
  }
};

}  // namespace bpfmatrix

// The table of faults: what `run` makes of a loader that brings its machine down, on each kernel,
// and that this costs the cell after it nothing.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/testing/vm_fixture.h"

namespace bpfmatrix {
namespace {

using ::testing::MatchesRegex;

struct Fault {
  /// Argument of fault_guest.c.
  const char* name;
  End end;
  const char* end_reason;
  /// Lost and hung machines are tried again, twice.
  std::size_t attempts;
};
constexpr Fault kFaults[] = {
    {"panic", End::panicked, "Kernel panic - not syncing: sysrq triggered crash", 1},
    {"memory", End::panicked, "Kernel panic - not syncing: Out of memory: .*panic_on_oom.*", 1},
    {"lockup", End::hung, "watchdog: BUG: soft lockup - CPU#0 stuck for .*", 3},
    {"reset", End::lost, "QEMU ended with exit code 0", 3},
    // Whoever is watched cannot reach the agent's channel (FaultVm has what comes of it).
    {"garbage", End::hung, "the loader did not end within 10 s", 3},
    {"silence", End::hung, "the loader did not end within 10 s", 3},
    {"flood", End::hung, "the loader did not end within 10 s", 3},
    {"return", End::completed, "", 1},
};
constexpr const char* kKernels[] = {"debian-6.1-x86_64", "debian-6.1-aarch64"};

/// What only the deadline ends is not worth waiting for long; what ends by itself may be slow.
bool ends_by_deadline(const Fault& fault) {
  return std::string_view(fault.end_reason).starts_with("the loader did not end");
}

class FaultTableVm : public VmFixture {
 protected:
  /// Each fault is a loader of its own; libbpf is the one that does what it should.
  static MatrixSpec matrix(bool by_deadline) {
    MatrixSpec all{.kernels = {std::begin(kKernels), std::end(kKernels)},
                   .btf = {{BtfSource::none}},
                   .loaders = {{"libbpf"}}};
    for (const Fault& fault : kFaults) {
      if (ends_by_deadline(fault) != by_deadline) continue;
      LoaderApp command{fault.name, BPFMATRIX_BINARY_DIR "/test-guest/fault.{arch}"};
      command.arguments = {fault.name};
      all.loaders->push_back(fault.name);
      all.apps.push_back(command);
    }
    return all;
  }

  void run_table(bool by_deadline, std::chrono::seconds timeout) {
    settings_.cell_timeout = timeout;
    CaseSpec spec;
    spec.id = "any";
    spec.object = SourceObject{BPFMATRIX_SOURCE_DIR "/cases/maps/ringbuf/ringbuf.bpf.c"};
    const std::vector<Outcome> outcomes = run_suite(matrix(by_deadline), {spec});
    for (const std::string kernel : kKernels) expect_recognised(by_deadline, kernel, outcomes);
  }

  static void expect_recognised(bool by_deadline, const std::string& kernel,
                                const std::vector<Outcome>& outcomes) {
    for (const Fault& fault : kFaults) {
      if (ends_by_deadline(fault) != by_deadline) continue;
      const Outcome& outcome = find(outcomes, fmt::format("{}/any/none/{}", kernel, fault.name));
      SCOPED_TRACE(outcome.cell);
      EXPECT_EQ(to_string(outcome.end), to_string(fault.end)) << outcome.console_tail;
      EXPECT_THAT(outcome.end_reason, MatchesRegex(fault.end_reason));
      EXPECT_EQ(std::max<std::size_t>(outcome.vm.attempts.size(), 1), fault.attempts);
      for (const AttemptOutcome& attempt : outcome.vm.attempts) {
        EXPECT_EQ(to_string(attempt.end), to_string(fault.end)) << attempt.reason;
      }
    }
    const Outcome& sound = find(outcomes, kernel + "/any/none/libbpf");
    EXPECT_EQ(sound.end, End::completed) << sound.end_reason;
    EXPECT_EQ(sound.programs.at(0).load.stage.result, StageResult::ok);
  }
};

TEST_F(FaultTableVm, what_ends_by_itself_is_recognised_and_costs_its_own_cell_only) {
  run_table(false, std::chrono::seconds(60));
}

TEST_F(FaultTableVm, what_never_ends_is_recognised_and_costs_its_own_cell_only) {
  run_table(true, std::chrono::seconds(10));
}

}  // namespace
}  // namespace bpfmatrix

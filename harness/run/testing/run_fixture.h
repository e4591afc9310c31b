// A run without machines: a kernel that is no file, objects that were compiled for the test, and
// guests that say again what guests once said.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/temp_dir.h"
#include "cell/testing/attempts.h"
#include "elf/testing/bpf_compiler.h"
#include "run/run.h"
#include "run/testing/replay_guests.h"

namespace bpfmatrix {

/// What a person would have seen, in order: "cell k/c/kernel/libbpf completed", "notice ...".
class HeardListener : public Listener {
 public:
  void run_planned(const Plan& plan, int jobs) override;
  void kernel_booting(const std::string& kernel_id) override;
  void kernel_ready(const std::string& kernel_id, std::chrono::milliseconds after) override;
  void cell_started(const Cell& cell) override;
  void cell_finished(const Outcome& outcome) override;
  void notice(const std::string& text) override;

  std::vector<std::string> heard{};
};

class RunFixture : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// A cell of the plan, of this case on this kernel.
  void plan(const std::string& kernel, const std::string& case_id,
            BtfSource btf = BtfSource::kernel);
  /// What the guests of a kernel say, in the order in which guests are taken.
  void say(const std::string& kernel, std::vector<Attempt> attempts);
  /// The store knows what this kernel is.
  void know(const std::string& kernel, const KernelFacts& facts = {});

  /// Of the kernels and attempts above; this outlives it.
  RunWorld world();
  RunDir new_dir();
  /// Runs what was planned into `dir`; a failed test if it cannot.
  std::vector<Outcome> run(RunDir& dir);
  std::vector<Outcome> run();

  Result<TempDir> dir_ = TempDir::create();
  BpfCompiler compiler_{};
  RunSettings settings_{};
  RunInput input_{};
  ReplayTime time_{};
  std::map<std::string, Result<Kernel>> kernels_{};
  std::map<std::string, std::vector<Attempt>> attempts_{};
  /// Of the last run, by kernel; gone when it has ended.
  std::map<std::string, int> taken_{};
  std::optional<VmExit> no_guests_{};
  HeardListener listener_{};
  int runs_ = 0;
};

}  // namespace bpfmatrix

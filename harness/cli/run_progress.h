// A run as it goes, on standard error: on a terminal a few lines drawn again and again, else a line
// whenever a kernel is through.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cli/time_left.h"
#include "run/listener.h"

namespace bpfmatrix {

class RunProgress : public Listener {
 public:
  /// What a cell took in earlier runs.
  using Expected = std::function<std::chrono::milliseconds(const Cell&)>;

  RunProgress(bool terminal, bool colour, int width, Expected expected)
      : terminal_(terminal), colour_(colour), width_(width), expected_(std::move(expected)) {}
  ~RunProgress() override;

  void run_planned(const Plan& plan, int jobs) override;
  void kernel_booting(const std::string& kernel_id) override;
  void kernel_ready(const std::string& kernel_id, std::chrono::milliseconds after) override;
  void cell_started(const Cell& cell) override;
  void cell_finished(const Outcome& outcome) override;
  void notice(const std::string& text) override;

 private:
  struct KernelProgress {
    std::string id{};
    int cells = 0;
    int done = 0;
    int panicked = 0;
    int unknown = 0;
    /// Known from an earlier run.
    int known = 0;
    /// What is going on: "booting", the running case, or nothing.
    std::string now{};
  };

  KernelProgress& kernel(const std::string& id);
  std::string kernel_line(const KernelProgress& kernel) const;
  std::string time_left_text() const;
  void draw();
  void erase();

  bool terminal_;
  bool colour_;
  int width_;
  Expected expected_;
  TimeLeft time_left_{};
  int jobs_ = 1;
  int done_ = 0;
  int cells_ = 0;
  int drawn_lines_ = 0;
  std::vector<KernelProgress> kernels_{};
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point first_cell_{};
};

}  // namespace bpfmatrix

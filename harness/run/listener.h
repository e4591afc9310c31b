// Those who watch a run: a progress display, a log. Called one at a time, from any of the run's
// threads; must not block for long.
#pragma once

#include <chrono>
#include <string>

#include "matrix/plan.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

class Listener {
 public:
  virtual ~Listener() = default;

  /// Before anything else. `jobs` cells are run at a time.
  virtual void run_planned(const Plan& plan, int jobs) = 0;
  virtual void kernel_booting(const std::string& kernel_id) = 0;
  virtual void kernel_ready(const std::string& kernel_id, std::chrono::milliseconds after) = 0;
  virtual void cell_started(const Cell& cell) = 0;
  virtual void cell_finished(const Outcome& outcome) = 0;
  /// Something a person should know, said once.
  virtual void notice(const std::string& text) = 0;
};

}  // namespace bpfmatrix

#include "cli/run_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/printable.h"
#include "cli/talk.h"
#include "report/counted.h"

namespace bpfmatrix {

namespace {

using Clock = std::chrono::steady_clock;

std::string seconds_text(std::chrono::duration<double> time) {
  const int seconds = static_cast<int>(time.count() + 0.5);
  if (seconds < 60) return fmt::format("{} s", seconds);
  return fmt::format("{}:{:02} min", seconds / 60, seconds % 60);
}

}  // namespace

RunProgress::~RunProgress() { erase(); }

void RunProgress::run_planned(const Plan& plan, int jobs) {
  jobs_ = jobs;
  cells_ = static_cast<int>(plan.cells.size());
  time_left_.set_jobs(jobs);
  for (const Cell& cell : plan.cells) {
    ++kernel(cell.kernel.id).cells;
    time_left_.add(cell.id(), expected_(cell));
  }
  if (!terminal_) {
    say(fmt::format("{} on {}, {} at a time", counted(cells_, "cell"),
                    counted(kernels_.size(), "kernel"), jobs_));
  }
  draw();
}

RunProgress::KernelProgress& RunProgress::kernel(const std::string& id) {
  const auto found =
      std::find_if(kernels_.begin(), kernels_.end(), [&](const auto& k) { return k.id == id; });
  if (found != kernels_.end()) return *found;
  kernels_.push_back({.id = id});
  return kernels_.back();
}

void RunProgress::kernel_booting(const std::string& kernel_id) {
  kernel(kernel_id).now = "booting";
  draw();
}

void RunProgress::kernel_ready(const std::string& kernel_id, std::chrono::milliseconds after) {
  kernel(kernel_id).now = fmt::format("ready after {} ms", after.count());
  draw();
}

void RunProgress::cell_started(const Cell& cell) {
  if (first_cell_ == Clock::time_point{}) first_cell_ = Clock::now();
  kernel(cell.kernel.id).now = cell.case_id;
  draw();
}

void RunProgress::cell_finished(const Outcome& outcome) {
  KernelProgress& at = kernel(outcome.kernel.id);
  ++at.done;
  at.known += outcome.vm.cached ? 1 : 0;
  time_left_.finished(outcome.cell, !outcome.vm.cached && outcome.vm.wall_ms > 0);
  ++done_;
  if (outcome.end == End::panicked) ++at.panicked;
  if (outcome.end != End::completed && outcome.end != End::panicked) ++at.unknown;
  if (at.done == at.cells) {
    at.now.clear();
    if (!terminal_) say(kernel_line(at));
  }
  draw();
}

void RunProgress::notice(const std::string& text) {
  erase();
  say(text);
  draw();
}

std::string RunProgress::kernel_line(const KernelProgress& kernel) const {
  std::string line =
      fmt::format("{:<24} {:>3}/{:<3}", printable(kernel.id), kernel.done, kernel.cells);
  if (kernel.panicked > 0) line += fmt::format("  {} panicked", kernel.panicked);
  if (kernel.known > 0) line += fmt::format("  {} known", kernel.known);
  if (kernel.unknown > 0) line += fmt::format("  {} not conclusive", kernel.unknown);
  if (!kernel.now.empty()) line += "  " + printable(kernel.now);
  if (static_cast<int>(line.size()) > width_ - 1) line.resize(static_cast<std::size_t>(width_ - 1));
  return line;
}

std::string RunProgress::time_left_text() const {
  if (first_cell_ == Clock::time_point{}) return "";
  const auto spent = std::chrono::duration_cast<TimeLeft::Time>(Clock::now() - first_cell_);
  return ", about " + seconds_text(time_left_.after(spent)) + " left";
}

void RunProgress::draw() {
  if (!terminal_) return;
  erase();
  for (const KernelProgress& kernel : kernels_) {
    const bool dim = colour_ && kernel.now.empty();
    say_drawn(
        fmt::format("{}{}{}\n", dim ? "\033[2m" : "", kernel_line(kernel), dim ? "\033[0m" : ""));
  }
  const std::string spent = seconds_text(Clock::now() - start_);
  say(fmt::format("{} of {} cells, {}{}", done_, cells_, spent, time_left_text()));
  std::fflush(stderr);
  drawn_lines_ = static_cast<int>(kernels_.size()) + 1;
}

void RunProgress::erase() {
  if (drawn_lines_ > 0) say_drawn(fmt::format("\033[{}A\033[J", drawn_lines_));
  drawn_lines_ = 0;
}

}  // namespace bpfmatrix

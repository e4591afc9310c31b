#include "run/cell_runner.h"

#include <utility>

#include "cell/attempts.h"

namespace bpfmatrix {

namespace {

void take_exit(Outcome& outcome, const VmExit& exit) {
  outcome.end = exit.end;
  outcome.end_reason = exit.reason;
  outcome.console_tail = exit.console_tail;
}

/// What belongs to the attempt that counts stays with it; what a person should hear is all of it.
CellResult settle_results(std::vector<CellResult> results) {
  std::vector<Outcome> outcomes;
  for (const CellResult& result : results) outcomes.push_back(result.outcome);
  Outcome settled = settle(std::move(outcomes));
  CellResult* chosen = &results.back();
  for (CellResult& result : results) {
    if (result.outcome.end == settled.end) chosen = &result;
  }
  CellResult whole = std::move(*chosen);
  whole.outcome = std::move(settled);
  return whole;
}

}  // namespace

CellResult result_without_guest(const CellInput& input, const VmExit& exit) {
  CellResult result;
  result.outcome = outcome_before_run(*input.cell, *input.spec, input.kernel, input.object);
  take_exit(result.outcome, exit);
  return result;
}

CellResult CellRunner::run(const CellInput& input, GuestSource& source, GuestSource* next,
                           bool cold_check) {
  CellResult first = try_in_usual(input, source, next);
  if (worth_another_try(first.outcome)) {
    std::vector<CellResult> results;
    results.push_back(std::move(first));
    results.push_back(try_in_usual(input, source, nullptr));
    results.push_back(try_in_booted(input, source));
    return settle_results(std::move(results));
  }
  const bool due = cold_check && first.outcome.vm.cloned;
  if (!due && !needs_cold_check(first.outcome)) return first;
  const CellResult cold = try_in_booted(input, source);
  first.outcome = held_against(std::move(first.outcome), cold.outcome);
  return first;
}

void CellRunner::start_ahead(GuestSource* next) {
  if (next == nullptr || ahead_.vm) return;
  ahead_ = {next, next->start_ahead()};
}

GuestOrExit CellRunner::next_guest(const CellInput& input, GuestSource& source) {
  std::optional<Vm> ahead = std::exchange(ahead_.vm, std::nullopt);
  if (ahead_.source != &source) ahead.reset();
  return source.next(std::move(ahead), context_.console_log(*input.cell));
}

CellResult CellRunner::try_in_usual(const CellInput& input, GuestSource& source,
                                    GuestSource* next) {
  if (guest_of_ != &source) guest_.reset();
  if (guest_ == nullptr) {
    GuestOrExit got = next_guest(input, source);
    if (const auto* exit = std::get_if<VmExit>(&got)) return result_without_guest(input, *exit);
    guest_ = std::get<std::unique_ptr<GuestVm>>(std::move(got));
    guest_of_ = &source;
  }
  const bool shared = context_.settings->isolation == Isolation::kernel;
  CellInput in = input;
  if (!shared) in.on_begun = [&] { start_ahead(next); };
  CellResult result = try_in(*guest_, in, !shared);
  const bool done_for = guest_->session().state() != SessionState::ready || result.guest_spoiled ||
                        result.outcome.end != End::completed;
  if (done_for || !shared) throw_guest_away();
  return result;
}

void CellRunner::throw_guest_away() {
  guest_->machine().kill();
  gone_ = std::move(guest_);
}

CellResult CellRunner::try_in_booted(const CellInput& input, GuestSource& source) {
  GuestOrExit got = source.boot(context_.console_log(*input.cell));
  if (const auto* exit = std::get_if<VmExit>(&got)) return result_without_guest(input, *exit);
  return try_in(*std::get<std::unique_ptr<GuestVm>>(got), input, true);
}

CellResult CellRunner::try_in(GuestVm& guest, const CellInput& input, bool last) {
  context_.started(*input.cell);
  CellInput in = input;
  in.btf_in_guest = guest.cloned();
  in.last_in_guest = last;
  CellResult result = run_cell(guest.session(), in);
  VmOutcome& vm = result.outcome.vm;
  vm.accel = to_string(guest.accel());
  vm.cloned = guest.cloned();
  vm.ready_ms = guest.ready_after().count();
  if (guest.session().state() != SessionState::ready) {
    take_exit(result.outcome, guest.give_up(result.outcome.end_reason));
  }
  if (guest.cloned() && result.outcome.end != End::completed) {
    context_.keep_console(*input.cell, guest.console());
  }
  return result;
}

}  // namespace bpfmatrix

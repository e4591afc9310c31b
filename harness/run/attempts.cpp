#include "run/attempts.h"

#include <chrono>
#include <utility>

#include "base/printable.h"
#include "cell/derive.h"

namespace bpfmatrix {

namespace {

/// Of what the console says in one cell that completes: as much as its first complaints take.
constexpr std::size_t kMaxConsole = 64 << 10;

std::int64_t ms_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

/// A panic in a clone: emulation, or the freezing, might have brought it about.
bool needs_cold_check(const Attempt& attempt, End end) {
  return end == End::panicked && attempt.cloned;
}

}  // namespace

void Attempts::run(const CellInput& input, Guests& source, Guests* next, bool cold_check,
                   Transcript& transcript) {
  std::vector<Attempt>& attempts = transcript.attempts;
  attempts.push_back(try_in_usual(input, transcript.inputs, source, next));
  const End end = end_of(attempts.front(), transcript.inputs).end;
  if (worth_another_attempt(end)) {
    attempts.push_back(try_in_usual(input, transcript.inputs, source, nullptr));
    attempts.push_back(try_in_booted(input, source));
    attempts[1].kind = attempts[2].kind = AttemptKind::again;
    return;
  }
  const bool due = cold_check && attempts.front().cloned;
  if (!due && !needs_cold_check(attempts.front(), end)) return;
  attempts.push_back(try_in_booted(input, source));
  attempts.back().kind = AttemptKind::cold_check;
}

void Attempts::start_ahead(Guests* next) {
  if (next == nullptr || ahead_ != nullptr) return;
  ahead_ = next->start_ahead(context_.spare_core ? Ahead::rehearsed : Ahead::awake);
  ahead_of_ = next;
}

/// nullptr: there is none, and the attempt says why.
std::unique_ptr<Guest> Attempts::take_guest(const CellInput& input, Guests& source,
                                            Attempt& attempt) {
  std::unique_ptr<GuestAhead> ahead = std::move(ahead_);
  if (ahead_of_ != &source) ahead.reset();
  GuestOrExit got = source.next(std::move(ahead), context_.console_log(*input.cell));
  if (auto* exit = std::get_if<VmExit>(&got)) {
    attempt.no_machine = std::move(*exit);
    return nullptr;
  }
  return std::get<std::unique_ptr<Guest>>(std::move(got));
}

Attempt Attempts::try_in_usual(const CellInput& input, const TranscriptInputs& inputs,
                               Guests& source, Guests* next) {
  const Clock::time_point start = context_.time.now();
  Attempt attempt;
  if (guest_of_ != &source) guest_.reset();
  if (guest_ == nullptr) {
    guest_ = take_guest(input, source, attempt);
    guest_of_ = &source;
    if (guest_ == nullptr) return attempt;
  }
  const bool shared = context_.isolation == Isolation::kernel;
  GuestUse use{.last_in_guest = !shared};
  if (!shared && context_.spare_core) start_ahead(next);
  if (!shared) use.on_begun = [&] { start_ahead(next); };
  const bool spoiled = try_in(*guest_, input, use, attempt);
  // Nor may a guest whose kernel and loader contradict each other.
  if (!shared || spoiled || end_of(attempt, inputs).end != End::completed) throw_guest_away();
  attempt.wall_ms = ms_between(start, context_.time.now());
  return attempt;
}

void Attempts::throw_guest_away() {
  guest_->kill();
  gone_ = std::move(guest_);
}

Attempt Attempts::try_in_booted(const CellInput& input, Guests& source) {
  const Clock::time_point start = context_.time.now();
  Attempt attempt;
  GuestOrExit got = source.boot(context_.console_log(*input.cell));
  if (auto* exit = std::get_if<VmExit>(&got)) {
    attempt.no_machine = std::move(*exit);
  } else {
    try_in(*std::get<std::unique_ptr<Guest>>(got), input, {.last_in_guest = true}, attempt);
  }
  attempt.wall_ms = ms_between(start, context_.time.now());
  return attempt;
}

/// True: the guest must not serve another cell.
bool Attempts::try_in(Guest& guest, const CellInput& input, const GuestUse& use, Attempt& attempt) {
  context_.started(*input.cell);
  GuestUse in = use;
  in.btf_in_guest = guest.cloned();
  const std::uint64_t said_before = guest.console_bytes();
  CellRun run = run_cell(guest.session(), input, in, context_.time);
  attempt = std::move(run.attempt);
  attempt.accel = to_string(guest.accel());
  attempt.cloned = guest.cloned();
  attempt.ready_ms = guest.ready_after().count();
  const bool lost = attempt.session != SessionState::ready;
  if (lost) {
    attempt.machine_end = guest.give_up(attempt.session_error);
  } else {
    attempt.console = valid_text(guest.console_since(said_before).substr(0, kMaxConsole));
  }
  const bool completed = attempt.exited && !lost && !run.guest_spoiled;
  const bool bad_end = lost || !attempt.exited || attempt.exited->timed_out;
  if (guest.cloned() && bad_end) context_.keep_console(*input.cell, guest.console());
  return !completed || bad_end;
}

}  // namespace bpfmatrix

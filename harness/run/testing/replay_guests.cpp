#include "run/testing/replay_guests.h"

#include <gtest/gtest.h>

#include <utility>

#include "cell/loader_record.h"

namespace bpfmatrix {

namespace {

bool says_ready(const std::string& line) {
  LoaderReader reader;
  return reader.add(line) && reader.record().ready;
}

/// What the loader of the attempt did, step by step.
FakeProgram program_of(const Attempt& attempt) {
  FakeProgram program;
  for (const std::string& line : attempt.lines) {
    program.push_back(says(line));
    if (says_ready(line)) program.push_back(awaits_input());
  }
  if (!attempt.loader_log.empty()) program.push_back(complains(attempt.loader_log));
  if (attempt.exited) program.push_back(exits(*attempt.exited));
  // One without an end hangs: for the host a deadline passes, without waiting.
  if (!attempt.exited && attempt.session == SessionState::lost) program.push_back(dies());
  return program;
}

}  // namespace

ReplayGuest::ReplayGuest(Attempt attempt) : attempt_(std::move(attempt)), session_(agent_) {
  EXPECT_TRUE(session_.open(Clock::now() + std::chrono::minutes(1)));
  agent_.on_run = [this](const RunRequest&, const std::string&) { return program_of(attempt_); };
  agent_.inventory = attempt_.inventory;
  agent_.on_trigger = [this](const TriggerRequest&) -> Result<Triggered> {
    if (attempt_.triggered) return *attempt_.triggered;
    return Error{attempt_.trigger_error};
  };
}

std::chrono::milliseconds ReplayGuest::ready_after() const {
  return std::chrono::milliseconds(attempt_.ready_ms);
}

std::string ReplayGuest::console() const {
  return attempt_.machine_end ? attempt_.machine_end->console : "";
}

ExitFacts ReplayGuest::give_up(const std::string& seen) {
  ExitFacts facts = attempt_.machine_end.value_or(ExitFacts());
  facts.detail = seen;
  return facts;
}

std::unique_ptr<GuestAhead> ReplayGuests::start_ahead(Ahead how) {
  const std::lock_guard lock(mutex_);
  ++ahead;
  if (how == Ahead::rehearsed) ++rehearsed;
  return std::make_unique<GuestAhead>();
}

GuestOrExit ReplayGuests::take() {
  if (attempts_.empty()) return VmExit{End::lost, "the replay is at its end", ""};
  Attempt attempt = std::move(attempts_.front());
  attempts_.pop_front();
  if (attempt.no_machine) return *attempt.no_machine;
  return std::make_unique<ReplayGuest>(std::move(attempt));
}

GuestOrExit ReplayGuests::next(std::unique_ptr<GuestAhead>, const std::filesystem::path&) {
  const std::lock_guard lock(mutex_);
  ++taken;
  return take();
}

GuestOrExit ReplayGuests::boot(const std::filesystem::path&) {
  const std::lock_guard lock(mutex_);
  ++booted;
  return take();
}

std::chrono::steady_clock::time_point ReplayTime::now() const {
  return std::chrono::steady_clock::time_point(std::chrono::seconds(1'000'000'000 + ++asked_));
}

}  // namespace bpfmatrix

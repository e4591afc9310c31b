#include "run/attempts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "cell/derive.h"
#include "cell/testing/attempts.h"
#include "run/testing/replay_guests.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kPanic = "[    3.100000] Kernel panic - not syncing: sysrq triggered crash\n";

/// One cell, whose guests say again what they once said.
class AttemptsAtACell : public ::testing::Test {
 protected:
  void SetUp() override {
    object_.file = dir_->path() / "x.o";
    ASSERT_TRUE(write_file(object_.file, "an object"));
    transcript_ = transcript_of({});
  }

  /// The kinds of the attempts that were made.
  std::vector<AttemptKind> run(std::vector<Attempt> said, bool cold_check = false) {
    guests_ = std::make_unique<ReplayGuests>(std::move(said));
    Attempts attempts(context_);
    transcript_.attempts.clear();
    attempts.run(input_, *guests_, next_, cold_check, transcript_);
    std::vector<AttemptKind> kinds;
    for (const Attempt& attempt : transcript_.attempts) kinds.push_back(attempt.kind);
    return kinds;
  }
  Outcome outcome() const { return derive({.transcript = transcript_}).outcome; }

  Result<TempDir> dir_ = TempDir::create();
  ReplayTime time_{};
  std::vector<std::string> consoles_{};
  int started_ = 0;
  Attempts::Context context_{Isolation::cell,
                             false,
                             time_,
                             [](const Cell&) { return std::filesystem::path(); },
                             [this](const Cell&, const std::string& c) { consoles_.push_back(c); },
                             [this](const Cell&) { ++started_; }};
  Cell cell_{.kernel = {"k", Arch::x86_64}, .case_id = "c", .loader = "libbpf"};
  CaseSpec spec_{.id = "c"};
  Kernel kernel_{.id = "k"};
  ObjectFile object_{};
  CellInput input_{&cell_, &spec_, &kernel_, &object_};
  std::unique_ptr<ReplayGuests> guests_{};
  Guests* next_ = nullptr;
  Transcript transcript_{};
};

using enum AttemptKind;

TEST_F(AttemptsAtACell, one_that_completes_is_the_only_one) {
  EXPECT_THAT(run({completed(good_lines())}), ElementsAre(first));
  EXPECT_EQ(guests_->taken, 1);
  EXPECT_EQ(guests_->booted, 0);
  EXPECT_EQ(started_, 1);
  EXPECT_THAT(consoles_, IsEmpty());
  const Attempt& attempt = transcript_.attempts[0];
  EXPECT_EQ(attempt.lines, good_lines());
  EXPECT_EQ(attempt.accel, "tcg");
  EXPECT_TRUE(attempt.cloned);
  EXPECT_EQ(attempt.ready_ms, 20);
  EXPECT_GE(attempt.wall_ms, 1000) << "by the clock that it was given";
  EXPECT_EQ(outcome().end, End::completed);
}

TEST_F(AttemptsAtACell, a_failed_program_is_no_reason_to_try_again) {
  EXPECT_THAT(run({completed(rejected_lines())}), ElementsAre(first));
}

TEST_F(AttemptsAtACell, a_lost_one_is_tried_again_and_then_in_a_booted_machine) {
  EXPECT_THAT(run({given_up(SessionState::lost, "x"), completed(good_lines()),
                   booted(completed(good_lines()))}),
              ElementsAre(first, again, again));
  EXPECT_EQ(guests_->taken, 2);
  EXPECT_EQ(guests_->booted, 1);
  EXPECT_EQ(outcome().end, End::completed);
  EXPECT_EQ(outcome().vm.attempts.size(), 3U);
}

TEST_F(AttemptsAtACell, a_hung_one_too) {
  EXPECT_THAT(run({given_up(SessionState::hung, "x"), completed(good_lines()),
                   booted(completed(good_lines()))}),
              ElementsAre(first, again, again));
}

TEST_F(AttemptsAtACell, a_panic_in_a_clone_is_checked_in_a_booted_machine) {
  EXPECT_THAT(
      run({given_up(SessionState::lost, kPanic), booted(given_up(SessionState::lost, kPanic))}),
      ElementsAre(first, cold_check));
  EXPECT_EQ(guests_->booted, 1);
  EXPECT_EQ(outcome().end, End::panicked);
  EXPECT_TRUE(outcome().vm.cold_checked);
  EXPECT_THAT(consoles_, ElementsAre(kPanic)) << "of the clone; the other has a file of its own";
}

TEST_F(AttemptsAtACell, a_panic_in_a_booted_machine_is_not) {
  EXPECT_THAT(run({booted(given_up(SessionState::lost, kPanic))}), ElementsAre(first));
}

TEST_F(AttemptsAtACell, a_cold_check_that_is_due_boots_a_machine) {
  EXPECT_THAT(run({completed(good_lines()), booted(completed(good_lines()))}, true),
              ElementsAre(first, cold_check));
  EXPECT_EQ(guests_->booted, 1);
}

TEST_F(AttemptsAtACell, of_a_booted_machine_there_is_no_cold_check) {
  EXPECT_THAT(run({booted(completed(good_lines()))}, true), ElementsAre(first));
}

TEST_F(AttemptsAtACell, without_a_machine_the_attempt_says_why) {
  EXPECT_THAT(run({Attempt{.no_machine = VmExit{End::unavailable, "no QEMU", ""}}}),
              ElementsAre(first));
  EXPECT_EQ(outcome().end, End::unavailable);
  EXPECT_EQ(outcome().end_reason, "no QEMU");
}

TEST_F(AttemptsAtACell, a_guest_of_its_own_is_started_ahead_for_the_next_cell) {
  ReplayGuests next({});
  next_ = &next;
  run({completed(good_lines())});
  EXPECT_EQ(next.ahead, 1);
  EXPECT_EQ(next.rehearsed, 0) << "no core is spare";
}

TEST_F(AttemptsAtACell, a_spare_core_makes_the_next_guest_rehearse) {
  context_.spare_core = true;
  ReplayGuests next({});
  next_ = &next;
  run({completed(good_lines())});
  EXPECT_EQ(next.ahead, 1);
  EXPECT_EQ(next.rehearsed, 1);
}

TEST_F(AttemptsAtACell, cells_that_share_a_guest_take_it_once) {
  context_.isolation = Isolation::kernel;
  ReplayGuests guests({completed(good_lines()), completed(good_lines())});
  Attempts attempts(context_);
  for (int i = 0; i < 2; ++i) attempts.run(input_, guests, nullptr, false, transcript_);
  EXPECT_EQ(guests.taken, 1);
  EXPECT_EQ(guests.ahead, 0);
  EXPECT_EQ(transcript_.attempts.size(), 2U);
}

TEST_F(AttemptsAtACell, a_shared_guest_serves_the_cells_of_its_own_kernel_only) {
  context_.isolation = Isolation::kernel;
  ReplayGuests one({completed(good_lines()), completed(good_lines())});
  ReplayGuests other({completed(rejected_lines())});
  Attempts attempts(context_);
  attempts.run(input_, one, nullptr, false, transcript_);
  attempts.run(input_, other, nullptr, false, transcript_);
  EXPECT_EQ(one.taken, 1);
  EXPECT_EQ(other.taken, 1);
  ASSERT_EQ(transcript_.attempts.size(), 2U);
  EXPECT_EQ(transcript_.attempts[1].lines, rejected_lines());
}

TEST_F(AttemptsAtACell, a_spoiled_guest_serves_no_other_cell) {
  context_.isolation = Isolation::kernel;
  Attempt spoiled = completed(good_lines());
  spoiled.exited->leftovers = {"/run/bpfmatrix/cell: busy"};
  ReplayGuests guests({spoiled, completed(good_lines())});
  Attempts attempts(context_);
  for (int i = 0; i < 2; ++i) attempts.run(input_, guests, nullptr, false, transcript_);
  EXPECT_EQ(guests.taken, 2);
}

TEST_F(AttemptsAtACell,
       a_guest_whose_kernel_and_loader_contradict_each_other_serves_no_other_cell) {
  context_.isolation = Isolation::kernel;
  Attempt forged = completed(good_lines());
  forged.exited->programs_made = 0;
  ReplayGuests guests({forged, forged, booted(forged), completed(good_lines())});
  Attempts attempts(context_);
  attempts.run(input_, guests, nullptr, false, transcript_);
  Transcript next = transcript_of({});
  attempts.run(input_, guests, nullptr, false, next);
  EXPECT_EQ(guests.taken, 3);
  EXPECT_EQ(guests.booted, 1);
}

TEST_F(AttemptsAtACell, a_shared_guest_is_not_told_that_it_is_the_last) {
  for (const Word<Isolation>& one : words_of(Isolation{})) {
    context_.isolation = one.value;
    run({completed(good_lines())});
  }
  EXPECT_EQ(started_, 2);
}

}  // namespace
}  // namespace bpfmatrix

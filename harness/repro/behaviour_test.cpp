#include "repro/behaviour.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "outcome/testing/full_outcome.h"

namespace bpfmatrix {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Outcome rejected() {
  Outcome outcome;
  outcome.cell = "k/c/kernel/libbpf";
  outcome.end = End::completed;
  outcome.open.result = StageResult::ok;
  ProgramOutcome program;
  program.name = "prog";
  program.section = "kprobe/x";
  program.load.stage = {StageResult::failed, "EINVAL", "-22"};
  program.load.log_tail = "5: (85) call bpf_loop#181\ninvalid func unknown#181\n";
  outcome.programs = {program};
  return outcome;
}

Outcome changed(const std::function<void(Outcome&)>& change) {
  Outcome outcome = rejected();
  change(outcome);
  return outcome;
}

Outcome panicked(const std::string& reason) {
  return changed([&](Outcome& o) {
    o.end = End::panicked;
    o.end_reason = reason;
  });
}

Replay replay(const Outcome& recorded, const Outcome& now) {
  return compare_replay({{recorded}}, {{now}});
}

TEST(Behaviour, what_the_kernel_complains_of_must_come_again_where_it_was_listened_to) {
  const auto hearing = [](const std::vector<Splat>& splats) {
    return changed([&](Outcome& o) { o.splats = splats; });
  };
  const Outcome loud = hearing({{"WARNING: at a.c f", "...", 1, false}});
  EXPECT_EQ(replay(loud, loud).result, Reproduced::reproduced);
  const Replay quiet = replay(loud, hearing({}));
  EXPECT_EQ(quiet.result, Reproduced::different);
  EXPECT_THAT(quiet.differences, ElementsAre("the kernel complained: none, was WARNING: at a.c f"));
  EXPECT_EQ(replay(hearing({}), loud).result, Reproduced::different);
  EXPECT_EQ(replay(rejected(), loud).result, Reproduced::reproduced) << "nobody listened";
  const Outcome stalled = hearing({{"INFO: rcu_sched stall", "...", 1, true}});
  EXPECT_EQ(replay(hearing({}), stalled).result, Reproduced::reproduced);
}

TEST(Behaviour, what_fails_in_the_same_way_is_reproduced_whatever_else_changed) {
  const Outcome now = changed([](Outcome& o) {
    o.vm.wall_ms = 900;
    o.console_tail = "other";
    o.loader_version = "1.5.0";
    o.programs[0].load.stats.verification_usec = 12;
  });
  const Replay same = replay(rejected(), now);
  EXPECT_EQ(same.result, Reproduced::reproduced);
  EXPECT_THAT(same.differences, IsEmpty());
  EXPECT_THAT(same.notes,
              ElementsAre("not the same, and decides nothing: loader.version: null, 1.5.0"));
}

TEST(Behaviour, each_thing_that_matters_is_named_where_it_differs) {
  const std::pair<std::function<void(Outcome&)>, const char*> kDifferent[] = {
      {[](Outcome& o) { o.programs[0].load.stage.errno_name = "EACCES"; },
       "program 'prog': load: failed, EACCES, was failed, EINVAL"},
      {[](Outcome& o) {
         o.programs[0].load.stage = {StageResult::ok, "", ""};
       },
       "program 'prog': load: ok, was failed, EINVAL"},
      {[](Outcome& o) { o.programs[0].load.log_tail = "R1 invalid mem access 'inv'\n"; },
       "program 'prog': failed, scalar_dereference, was failed, helper_unknown"},
      {[](Outcome& o) {
         o.open = {StageResult::failed, "ENOENT", "no"};
       },
       "open: failed, ENOENT, loader_refused, was ok"},
      {[](Outcome& o) {
         o.maps = {{"m", "array", {StageResult::failed, "EPERM", ""}}};
       },
       "map 'm': failed, EPERM, was none"},
      {[](Outcome& o) {
         o.observed = {{"fd", std::int64_t{1}, {}, ObservedResult::wrong}};
       },
       "value 'fd': wrong, was none"},
      {[](Outcome& o) { o.programs.clear(); }, "program 'prog': load: none, was failed, EINVAL"},
      {[](Outcome& o) { o.app = AppOutcome{.exit_code = 3}; },
       "application: exit code 3, was none"},
      {[](Outcome& o) {
         RelocationRecord one{
             .function = "f", .insn = 7, .kind = "byte_off", .local = "struct s::a"};
         one.result = RelocationResult::poisoned;
         o.programs[0].relocations = {one};
       },
       "program 'prog': relocation of 'struct s::a' (byte_off) in 'f' at 7: poisoned, was none"},
  };
  for (const auto& [change, difference] : kDifferent) {
    const Replay found = replay(rejected(), changed(change));
    EXPECT_EQ(found.result, Reproduced::different) << difference;
    EXPECT_THAT(found.differences, Contains(difference));
  }
}

TEST(Behaviour, a_value_that_needed_no_change_is_as_good_as_one_that_was_put_in) {
  const auto relocated = [](RelocationResult result) {
    return changed([&](Outcome& o) {
      o.programs[0].relocations = {RelocationRecord{.function = "f", .result = result}};
    });
  };
  EXPECT_EQ(
      replay(relocated(RelocationResult::unchanged), relocated(RelocationResult::resolved)).result,
      Reproduced::reproduced);
  EXPECT_EQ(
      replay(relocated(RelocationResult::unchanged), relocated(RelocationResult::skipped)).result,
      Reproduced::different);
}

TEST(Behaviour, a_panic_is_the_same_when_its_words_are_and_not_its_numbers) {
  const Outcome one = panicked("BUG: unable to handle page fault for address: ffff88801234");
  const Outcome other = panicked("BUG: unable to handle page fault for address: ffff88805678");
  EXPECT_EQ(replay(one, other).result, Reproduced::reproduced);
  const Replay found = replay(one, panicked("Kernel panic - not syncing: sysrq triggered crash"));
  EXPECT_THAT(found.differences,
              Contains("end: panicked, Kernel panic - not syncing: sysrq triggered crash, was "
                       "panicked, BUG: unable to handle page fault for address: #"));
}

TEST(Behaviour, a_machine_that_was_lost_is_no_answer) {
  for (const End end : {End::lost, End::unavailable, End::hung}) {
    const Outcome gone = changed([&](Outcome& o) {
      o.end = end;
      o.end_reason = "why";
    });
    const Replay found = replay(rejected(), gone);
    EXPECT_EQ(found.result, Reproduced::unavailable);
    EXPECT_THAT(found.why, HasSubstr(": why"));
    EXPECT_THAT(found.differences, IsEmpty());
  }
  const Outcome hung = changed([](Outcome& o) { o.end = End::hung; });
  EXPECT_EQ(replay(hung, hung).result, Reproduced::reproduced) << "where that is the failure";
}

TEST(Behaviour, of_a_flaky_cell_one_of_its_answers_is_enough) {
  const Outcome ok = changed([](Outcome& o) {
    o.programs[0].load.stage = {StageResult::ok, "", ""};
  });
  const Outcome other = panicked("x");
  const Replay again = compare_replay({{ok}, {rejected()}}, {{rejected()}});
  EXPECT_EQ(again.result, Reproduced::reproduced);
  EXPECT_THAT(again.notes, ElementsAre("flaky when it was recorded: this is the answer of attempt "
                                       "2 of 2"));
  EXPECT_EQ(compare_replay({{ok}, {rejected()}}, {{other}}).result, Reproduced::different);
  const Replay flaky = compare_replay({{rejected()}}, {{other}, {rejected()}});
  EXPECT_EQ(flaky.result, Reproduced::reproduced);
  EXPECT_THAT(flaky.differences, IsEmpty());
  EXPECT_THAT(flaky.notes, ElementsAre("flaky here: its attempts differ"));
}

TEST(Behaviour, of_another_kernel_its_details_are_not_listed) {
  Outcome now = changed([](Outcome& o) { o.loader_version = "1.5.0"; });
  now.kernel.id = "other";
  EXPECT_THAT(replay(rejected(), now).notes, IsEmpty());
}

TEST(Behaviour, every_field_of_an_outcome_is_taken_as_it_comes) {
  const Outcome full = full_outcome();
  EXPECT_EQ(replay(full, full).result, Reproduced::reproduced);
}

}  // namespace
}  // namespace bpfmatrix

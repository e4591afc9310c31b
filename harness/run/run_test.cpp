#include "run/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "base/file.h"
#include "base/file_limit_test_support.h"
#include "base/hostile_test_support.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome_fields.h"
#include "run/cache/cell_times.h"
#include "run/derive_run.h"
#include "run/testing/run_fixture.h"

namespace bpfmatrix {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RunningAPlan : public RunFixture {
 protected:
  int guests_taken() const {
    int all = 0;
    for (const auto& [kernel, taken] : taken_) all += taken;
    return all;
  }
};

TEST_F(RunningAPlan, every_cell_has_an_outcome_and_a_transcript) {
  plan("k", "one");
  plan("k", "two");
  say("k", {completed(good_lines()), completed(rejected_lines())});
  RunDir dir = new_dir();
  const std::vector<Outcome> outcomes = run(dir);
  ASSERT_THAT(outcomes, SizeIs(2));
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.end, End::completed);
    const Result<Transcript> transcript = read_transcript(dir.path(), outcome.cell);
    ASSERT_TRUE(transcript) << transcript.error().message;
    EXPECT_EQ(transcript->inputs.cell, outcome.cell);
    EXPECT_EQ(transcript->inputs.image_sha256, "image of k");
    EXPECT_EQ(transcript->inputs.machine, "replay");
    EXPECT_EQ(transcript->attempts.size(), 1U);
  }
  EXPECT_THAT(transcribed_cells(dir.path()),
              ElementsAre("k/one/kernel/libbpf", "k/two/kernel/libbpf"));
}

TEST_F(RunningAPlan, a_person_hears_of_it_in_order) {
  plan("k", "one");
  say("k", {completed(good_lines())});
  run();
  EXPECT_THAT(listener_.heard,
              ElementsAre("planned 1", "booting k", "ready k", "started k/one/kernel/libbpf",
                          "finished k/one/kernel/libbpf completed"));
}

TEST_F(RunningAPlan, a_lost_machine_is_tried_again) {
  plan("k", "one");
  say("k", {given_up(SessionState::lost, "x"), completed(good_lines()),
            booted(completed(good_lines()))});
  const std::vector<Outcome> outcomes = run();
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_EQ(outcomes[0].end, End::completed);
  EXPECT_THAT(outcomes[0].vm.attempts, SizeIs(3));
  EXPECT_EQ(guests_taken(), 3);
}

TEST_F(RunningAPlan, an_unavailable_kernel_leaves_its_cells_unavailable_and_the_others_run) {
  plan("k", "one");
  plan("gone", "one");
  kernels_.at("gone") = Error{"kernel 'gone': not built"};
  say("k", {completed(good_lines())});
  const std::vector<Outcome> outcomes = run();
  ASSERT_THAT(outcomes, SizeIs(2));
  EXPECT_EQ(outcomes[0].cell, "gone/one/kernel/libbpf") << "what needs no guest comes first";
  EXPECT_EQ(outcomes[0].end, End::unavailable);
  EXPECT_EQ(outcomes[0].end_reason, "kernel 'gone': not built");
  EXPECT_EQ(outcomes[0].kernel.id, "gone");
  EXPECT_EQ(outcomes[1].end, End::completed);
  EXPECT_THAT(listener_.heard, Contains("notice kernel 'gone': not built"));
}

TEST_F(RunningAPlan, a_kernel_that_does_not_come_up_says_why_in_each_of_its_cells) {
  plan("k", "one");
  plan("k", "two");
  no_guests_ = VmExit{End::lost, "not one byte on the console", ""};
  const std::vector<Outcome> outcomes = run();
  ASSERT_THAT(outcomes, SizeIs(2));
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.end, End::lost);
    EXPECT_EQ(outcome.end_reason, "not one byte on the console");
  }
  EXPECT_EQ(guests_taken(), 0);
}

TEST_F(RunningAPlan, BTF_that_is_not_there_cannot_be_embedded) {
  plan("k", "one", BtfSource::embedded);
  const std::vector<Outcome> outcomes = run();
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_EQ(outcomes[0].end, End::unavailable);
  EXPECT_THAT(outcomes[0].end_reason, HasSubstr("no BTF to embed"));
  EXPECT_EQ(guests_taken(), 0);
}

TEST_F(RunningAPlan, BTF_that_the_user_gives_is_embedded_in_place_of_the_kernels_own) {
  plan("k", "one", BtfSource::embedded);
  const std::filesystem::path file = dir_->path() / "own.btf";
  ASSERT_TRUE(write_file(file, "BTF"));
  input_.btf[{"k", "one"}] = KernelBtf{file, 3, "own"};
  say("k", {completed(good_lines())});
  const std::vector<Outcome> outcomes = run();
  ASSERT_THAT(outcomes, SizeIs(1));
  ASSERT_TRUE(outcomes[0].embedded);
  EXPECT_EQ(outcomes[0].embedded->origin, EmbeddedOrigin::file);
  EXPECT_EQ(outcomes[0].embedded->sha256, "own");
}

TEST_F(RunningAPlan, how_long_a_cell_took_is_remembered) {
  plan("k", "one");
  say("k", {completed(good_lines())});
  run();
  const CellTimes times(settings_.fetch.store);
  EXPECT_EQ(times.expected(input_.plan.cells[0]) % std::chrono::seconds(1),
            std::chrono::milliseconds(0))
      << "by the clock of the test, which knows whole seconds only";
  EXPECT_GE(times.expected(input_.plan.cells[0]), std::chrono::seconds(1));
}

TEST_F(RunningAPlan, a_console_of_a_clone_that_came_to_a_bad_end_is_kept) {
  plan("k", "one");
  say("k", {given_up(SessionState::lost, "the last words"), completed(good_lines()),
            booted(completed(good_lines()))});
  RunDir dir = new_dir();
  run(dir);
  const Result<std::string> kept =
      read_file(dir.path() / "console" / "k@one@kernel@libbpf.log", 1000);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(*kept, "the last words");
}

TEST_F(RunningAPlan, a_resumed_run_does_what_is_left) {
  plan("k", "one");
  plan("k", "two");
  say("k", {completed(good_lines()), completed(good_lines())});
  RunDir dir = new_dir();
  Outcome finished;
  finished.cell = "k/one/kernel/libbpf";
  finished.end = End::completed;
  ASSERT_TRUE(dir.append(finished));
  const std::filesystem::path path = dir.path();
  { const RunDir closed = std::move(dir); }
  RunDir again = *RunDir::resume(path);
  EXPECT_THAT(run(again), SizeIs(2));
  EXPECT_EQ(guests_taken(), 1);
}

/// A bug of ours, as soon as a cell has finished.
class BuggyListener : public HeardListener {
 public:
  void cell_finished(const Outcome& outcome) override {
    HeardListener::cell_finished(outcome);
    throw std::runtime_error("a bug");
  }
};

TEST_F(RunningAPlan, an_exception_comes_out_and_the_run_can_be_resumed) {
  plan("k", "one");
  plan("k", "two");
  say("k", {completed(good_lines()), completed(good_lines())});
  std::optional<RunDir> dir(new_dir());
  const std::filesystem::path path = dir->path();
  BuggyListener buggy;
  settings_.jobs = 3;
  EXPECT_THROW((void)run_plan(input_, world(), settings_, *dir, buggy), std::runtime_error);
  EXPECT_FALSE(buggy.heard.empty());
  dir.reset();
  RunDir again = *RunDir::resume(path);
  EXPECT_FALSE(again.finished().empty());
  EXPECT_THAT(run(again), SizeIs(2));
}

TEST_F(RunningAPlan, what_a_guest_says_that_is_no_utf8_is_kept_escaped) {
  plan("k", "one");
  std::vector<std::string> lines = good_lines();
  lines.insert(lines.begin() + 1, "caf\xe9 \x1b[31m");
  Attempt attempt = completed(lines);
  attempt.loader_log = "\xff\xfe " + kHostile;
  say("k", {attempt});
  RunDir dir = new_dir();
  const std::vector<Outcome> outcomes = run(dir);
  ASSERT_THAT(outcomes, SizeIs(1));
  const Result<Transcript> transcript = read_transcript(dir.path(), outcomes[0].cell);
  ASSERT_TRUE(transcript) << transcript.error().message;
  EXPECT_EQ(transcript->attempts[0].lines[1], "caf\\xe9 \x1b[31m");
  EXPECT_EQ(transcript->attempts[0].loader_log, valid_text("\xff\xfe " + kHostile));
}

TEST_F(RunningAPlan, a_case_whose_texts_are_no_utf8_is_run_and_recalled) {
  plan("k", "one");
  know("k");
  CaseSpec& spec = input_.cases.at("one");
  spec.truth = {{"comm", kHostile}};
  spec.user.globals[kHostile] = {{{}, 1}};
  say("k", {completed(good_lines())});
  EXPECT_THAT(run(), SizeIs(1));
  RunDir dir = new_dir();
  EXPECT_THAT(run(dir), SizeIs(1));
  EXPECT_EQ(guests_taken(), 0) << "its key is the same";
}

TEST_F(RunningAPlan, a_second_run_needs_no_guest) {
  plan("k", "one");
  know("k");
  say("k", {completed(good_lines())});
  const std::vector<Outcome> first = run();
  EXPECT_EQ(guests_taken(), 1);
  RunDir dir = new_dir();
  const std::vector<Outcome> second = run(dir);
  EXPECT_EQ(guests_taken(), 0);
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_FALSE(first.at(0).vm.cached);
  EXPECT_TRUE(second[0].vm.cached);
  Outcome same = second[0];
  same.vm.cached = false;
  EXPECT_EQ(to_line(same), to_line(first[0]));
  EXPECT_TRUE(read_transcript(dir.path(), second[0].cell)) << "it is in this run, too";
  EXPECT_TRUE(read_kernel_facts(kernel_facts_path(dir.path(), second[0].kernel.facts)));
}

TEST_F(RunningAPlan, what_the_case_expects_may_change_without_a_guest) {
  plan("k", "one");
  know("k");
  std::vector<std::string> lines = good_lines();
  lines[9] = R"({"event":"observed","map":"observed","values":{"hits":1,"answer":42}})";
  say("k", {completed(lines)});
  EXPECT_EQ(run().at(0).observed.at(0).result, ObservedResult::unknown);
  input_.cases.at("one").truth = {{"answer", std::int64_t{42}}};
  EXPECT_EQ(run().at(0).observed.at(0).result, ObservedResult::right);
  EXPECT_EQ(guests_taken(), 0);
}

TEST_F(RunningAPlan, what_is_asked_of_the_guest_may_not) {
  plan("k", "one");
  know("k");
  say("k", {completed(good_lines())});
  run();
  input_.cases.at("one").user.globals = {{"level", {{{}, 1}}}};
  run();
  EXPECT_EQ(guests_taken(), 1);
}

TEST_F(RunningAPlan, new_facts_about_a_kernel_need_no_guest_either) {
  plan("k", "one");
  know("k");
  say("k", {completed(good_lines())});
  run();
  KernelFacts facts;
  facts.release = "6.1.0";
  know("k", facts);
  const std::vector<Outcome> again = run();
  EXPECT_EQ(guests_taken(), 0);
  EXPECT_EQ(again.at(0).kernel.facts, pack(facts).sha256);
}

TEST_F(RunningAPlan, no_cache_means_that_every_cell_is_run) {
  plan("k", "one");
  know("k");
  settings_.cache = false;
  for (int i = 0; i < 2; ++i) {
    say("k", {completed(good_lines())});
    EXPECT_FALSE(run().at(0).vm.cached);
    EXPECT_EQ(guests_taken(), 1);
  }
}

TEST_F(RunningAPlan, what_is_not_conclusive_is_run_again) {
  plan("k", "one");
  know("k");
  for (int i = 0; i < 2; ++i) {
    say("k", {given_up(SessionState::lost, "x"), given_up(SessionState::lost, "x"),
              booted(given_up(SessionState::lost, "x"))});
    EXPECT_EQ(run().at(0).end, End::lost);
    EXPECT_EQ(guests_taken(), 3);
  }
}

TEST_F(RunningAPlan, several_workers_do_each_cell_once) {
  settings_.jobs = 4;
  std::vector<Attempt> attempts;
  for (int i = 0; i < 20; ++i) {
    plan("k" + std::to_string(i % 2), "case" + std::to_string(i));
    attempts.push_back(completed(good_lines()));
  }
  say("k0", attempts);
  say("k1", attempts);
  const std::vector<Outcome> outcomes = run();
  EXPECT_THAT(outcomes, SizeIs(20));
  std::set<std::string> cells;
  for (const Outcome& outcome : outcomes) cells.insert(outcome.cell);
  EXPECT_THAT(cells, SizeIs(20));
  EXPECT_EQ(guests_taken(), 20);
}

TEST_F(RunningAPlan, a_cold_check_falls_on_another_part_of_the_plan_each_day) {
  plan("k", "one");
  settings_.cold_check = 2;
  settings_.cache = false;
  for (const int day : {20000, 20001}) {
    time_.day = std::chrono::days(day);
    say("k", {completed(good_lines()), booted(completed(good_lines()))});
    EXPECT_EQ(run().at(0).vm.cold_checked, day % 2 == 0) << day;
  }
}

TEST_F(RunningAPlan, a_full_disk_stops_the_run_and_is_said) {
  plan("k", "one");
  plan("k", "two");
  say("k", {completed(good_lines()), completed(good_lines())});
  settings_.cache = false;
  RunDir dir = new_dir();
  let_files_grow_to(64);
  const Result<RunEnd> ran = run_plan(input_, world(), settings_, dir, listener_);
  let_files_grow_to(RLIM_INFINITY);
  ASSERT_TRUE(ran);
  EXPECT_TRUE(ran->unwritten);
  EXPECT_THAT(*read_outcomes(dir.path() / "outcomes.jsonl"), IsEmpty());
}

class DerivingARun : public RunningAPlan {
 protected:
  DerivedRun derive_again(const RunDir& dir, const std::vector<Outcome>& known) {
    ObjectFinder objects(settings_);
    const Result<DerivedRun> derived = derive_run(
        dir.path(), known, input_,
        [this](const std::string& id) {
          const auto kernel = kernels_.find(id);
          return kernel != kernels_.end() ? kernel->second
                                          : Result<Kernel>(Error{"no kernel '" + id + "'"});
        },
        objects, 2);
    EXPECT_TRUE(derived) << derived.error().message;
    return derived ? *derived : DerivedRun();
  }
};

TEST_F(DerivingARun, gives_what_the_run_had) {
  plan("k", "one");
  plan("k", "two");
  plan("gone", "one");
  kernels_.at("gone") = Error{"kernel 'gone': not built"};
  know("k");
  say("k", {completed(good_lines()), completed(rejected_lines())});
  RunDir dir = new_dir();
  const std::vector<Outcome> ran = run(dir);
  const DerivedRun derived = derive_again(dir, ran);
  ASSERT_EQ(derived.outcomes.size(), ran.size());
  for (std::size_t i = 0; i < ran.size(); ++i) {
    EXPECT_EQ(to_line(derived.outcomes[i]), to_line(ran[i]));
  }
}

TEST_F(DerivingARun, says_what_is_gone_and_leaves_open_what_needs_it) {
  plan("k", "one");
  say("k", {completed(good_lines())});
  RunDir dir = new_dir();
  const std::vector<Outcome> ran = run(dir);
  input_.cases.at("one").object = FileObject{compiler_.object("observed")};
  const DerivedRun derived = derive_again(dir, ran);
  EXPECT_THAT(derived.incomplete, ElementsAre("k/one/kernel/libbpf"));
  EXPECT_EQ(derived.outcomes.at(0).relocate.not_compared, "the object is gone");
  EXPECT_EQ(derived.outcomes.at(0).programs.size(), 1U) << "what was said is there";
}

TEST_F(DerivingARun, its_outcomes_take_the_place_of_the_old_ones) {
  plan("k", "one");
  say("k", {completed(good_lines())});
  const std::filesystem::path path = [&] {
    RunDir dir = new_dir();
    run(dir);
    EXPECT_FALSE(replace_outcomes(dir.path(), {})) << "the run is still at it";
    return dir.path();
  }();
  ASSERT_TRUE(replace_outcomes(path, {}));
  EXPECT_THAT(*read_outcomes(path / "outcomes.jsonl"), IsEmpty());
}

}  // namespace
}  // namespace bpfmatrix

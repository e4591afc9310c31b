#include "analysis/expect/judge_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/expect/root_causes.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kCell = "k-5.10/case/kernel/libbpf";

Outcome outcome(StageResult load, const std::string& cell = kCell) {
  Outcome o;
  o.cell = cell;
  o.case_id = "case";
  o.kernel.id = cell.substr(0, cell.find('/'));
  o.kernel.release = "5.10.0";
  o.end = End::completed;
  o.open.result = StageResult::ok;
  ProgramOutcome program;
  program.name = "prog";
  program.load.stage.result = load;
  o.programs = {program};
  return o;
}

Outcome unavailable() {
  Outcome o = outcome(StageResult::not_reached);
  o.end = End::unavailable;
  o.programs.clear();
  return o;
}

Baseline baseline_of(const Outcome& outcome) { return accept({}, {outcome}, {}, nullptr, false); }

class AgainstBaseline : public ::testing::Test {
 protected:
  VerdictSummary judge_one(const Outcome& outcome, const Baseline& baseline) {
    against_.baseline = &baseline;
    return judge_all({outcome}, {outcome.cell}, rules_, nullptr, nullptr, against_);
  }
  static Verdict verdict(const VerdictSummary& summary) {
    EXPECT_EQ(summary.counts.size(), 1U);
    return summary.counts.empty() ? Verdict::unsure : summary.counts.begin()->first;
  }

  const Outcome good_ = outcome(StageResult::ok);
  const Outcome bad_ = outcome(StageResult::failed);
  RulesByCase rules_{{"case", default_expectations()}};
  Against against_{.without_rules = {"case"}};
};

TEST_F(AgainstBaseline, what_failed_before_and_fails_is_as_expected) {
  const VerdictSummary summary = judge_one(bad_, baseline_of(bad_));
  EXPECT_EQ(verdict(summary), Verdict::as_expected);
  EXPECT_EQ(summary.failing, 0);
  EXPECT_TRUE(summary.all_known());
}

TEST_F(AgainstBaseline, what_worked_and_fails_is_regressed) {
  const VerdictSummary summary = judge_one(bad_, baseline_of(good_));
  EXPECT_EQ(verdict(summary), Verdict::regressed);
  EXPECT_EQ(summary.failing, 1);
  const auto roots = root_causes(summary, {bad_});
  ASSERT_EQ(roots.size(), 1U);
  EXPECT_THAT(roots[0].programs, ElementsAre("case:prog"));
  EXPECT_THAT(roots[0].kernels, ElementsAre("k-5.10"));
  EXPECT_EQ(roots[0].what, "failed (unknown), was loaded");
}

TEST_F(AgainstBaseline, what_failed_and_works_is_fixed) {
  const VerdictSummary summary = judge_one(good_, baseline_of(bad_));
  EXPECT_EQ(verdict(summary), Verdict::fixed);
  EXPECT_EQ(summary.failing, 0);
}

TEST_F(AgainstBaseline, a_rule_of_the_cases_own_counts_whatever_the_baseline_had) {
  against_.without_rules.clear();
  EXPECT_EQ(verdict(judge_one(bad_, baseline_of(bad_))), Verdict::unexpected);
  EXPECT_EQ(judge_one(bad_, baseline_of(bad_)).failing, 1);
  EXPECT_EQ(verdict(judge_one(bad_, baseline_of(good_))), Verdict::regressed);
}

TEST_F(AgainstBaseline, without_any_rule_the_baseline_is_what_is_expected) {
  rules_.clear();
  EXPECT_EQ(verdict(judge_one(good_, baseline_of(good_))), Verdict::as_expected);
  EXPECT_EQ(verdict(judge_one(bad_, baseline_of(good_))), Verdict::regressed);
}

TEST_F(AgainstBaseline, what_is_new_is_no_regression_unless_it_is_required) {
  EXPECT_EQ(verdict(judge_one(bad_, {})), Verdict::added);
  EXPECT_EQ(judge_one(bad_, {}).failing, 0);
  against_.required = {"k-5.*"};
  EXPECT_EQ(judge_one(bad_, {}).failing, 1);
  EXPECT_EQ(judge_one(good_, {}).failing, 0);
}

TEST_F(AgainstBaseline, what_is_unavailable_is_carried_forward_and_never_green) {
  const VerdictSummary summary = judge_one(unavailable(), baseline_of(good_));
  EXPECT_EQ(verdict(summary), Verdict::unavailable);
  EXPECT_FALSE(summary.all_known());
  ASSERT_EQ(summary.notable[0].carried.size(), 1U);
  EXPECT_EQ(summary.notable[0].carried[0].sign, Sign::loaded);
  against_.required = {"k-*/case/*"};
  EXPECT_EQ(judge_one(unavailable(), baseline_of(good_)).failing, 1);
}

TEST_F(AgainstBaseline, what_is_optional_decides_nothing) {
  against_.optional = {"k-5.10"};
  EXPECT_EQ(judge_one(bad_, baseline_of(good_)).failing, 0);
  EXPECT_TRUE(judge_one(unavailable(), baseline_of(good_)).all_known());
}

TEST_F(AgainstBaseline, what_is_gone_is_said_and_fails_only_where_it_is_required) {
  Baseline baseline = baseline_of(good_);
  baseline["k-4.18/case/kernel/libbpf"] = baseline.begin()->second;
  VerdictSummary summary = judge_one(good_, baseline);
  EXPECT_EQ(summary.counts[Verdict::gone], 1);
  EXPECT_EQ(summary.failing, 0);
  EXPECT_TRUE(summary.all_known());
  against_.required = {"k-4.18"};
  EXPECT_EQ(judge_one(good_, baseline).failing, 1);
}

TEST_F(AgainstBaseline, two_attempts_that_disagree_are_unsure) {
  Outcome flaky = good_;
  flaky.vm.flaky = {"load"};
  EXPECT_EQ(verdict(judge_one(flaky, baseline_of(good_))), Verdict::unsure);
}

TEST_F(AgainstBaseline, a_run_without_one_is_judged_by_the_rules_alone) {
  const VerdictSummary summary = judge_all({bad_}, {kCell}, rules_, nullptr, nullptr, against_);
  EXPECT_EQ(verdict(summary), Verdict::unexpected);
  EXPECT_EQ(summary.failing, 1);
}

TEST_F(AgainstBaseline, programs_that_were_not_reached_are_folded_into_what_stopped_them) {
  Outcome before = good_;
  Outcome now = bad_;
  for (Outcome* one : {&before, &now}) {
    one->programs.push_back(one->programs.front());
    one->programs.back().name = "other";
  }
  now.programs.back().load.stage.result = StageResult::not_reached;
  const VerdictSummary summary = judge_one(now, baseline_of(before));
  const auto roots = root_causes(summary, {now});
  ASSERT_EQ(roots.size(), 1U);
  EXPECT_THAT(roots[0].programs, ElementsAre("case:prog"));
  EXPECT_EQ(roots[0].dependents, 1);
}

TEST_F(AgainstBaseline, what_must_be_there_and_is_called_otherwise_fails) {
  against_.required = {"k-5.01"};
  const VerdictSummary summary = judge_one(good_, baseline_of(good_));
  EXPECT_EQ(summary.failing, 1);
  ASSERT_EQ(summary.notable.size(), 1U);
  EXPECT_EQ(summary.notable[0].cell, "k-5.01");
}

TEST_F(AgainstBaseline,
       a_program_that_is_called_otherwise_and_fails_is_not_hidden_by_the_one_that_is_gone) {
  Outcome now = bad_;
  now.programs.front().name = "renamed";
  const VerdictSummary summary = judge_one(now, baseline_of(good_));
  EXPECT_EQ(verdict(summary), Verdict::changed);
  const auto roots = root_causes(summary, {now});
  ASSERT_EQ(roots.size(), 2U);
  const auto& of_new = roots[0].programs.contains("case:renamed") ? roots[0] : roots[1];
  EXPECT_EQ(of_new.what, "new here: failed (unknown)");
}

TEST_F(AgainstBaseline,
       what_is_said_of_a_root_cause_is_of_its_first_cell_whatever_order_they_end_in) {
  std::vector<Outcome> now;
  Baseline before;
  RootCauses forward(nullptr, nullptr);
  RootCauses backward(nullptr, nullptr);
  for (const std::string kernel : {"a", "b"}) {
    Outcome one = outcome(StageResult::failed, kernel + "/case/kernel/libbpf");
    one.programs[0].load.stage.errno_name = "EINVAL";
    one.programs[0].load.log_tail = "0: (85) call unknown#999\ninvalid func unknown#999\n";
    one.programs[0].load.source = SourceLine{.file = kernel + ".bpf.c", .line = 7};
    before.merge(accept({}, {outcome(StageResult::ok, one.cell)}, {}, nullptr, false));
    now.push_back(one);
  }
  against_.baseline = &before;
  const VerdictSummary summary = judge_all(now, {}, rules_, nullptr, nullptr, against_);
  ASSERT_EQ(summary.notable.size(), 2U);
  for (const std::size_t i : {0U, 1U}) {
    forward.take(summary.notable[i], now[i]);
    backward.take(summary.notable[1 - i], now[1 - i]);
  }
  const auto [first, second] = std::pair(forward.finish(), backward.finish());
  ASSERT_EQ(first.size(), 1U);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(first[0].source, "a.bpf.c:7");
  EXPECT_EQ(second[0].source, "a.bpf.c:7");
  EXPECT_THAT(second[0].cells, ElementsAre("a/case/kernel/libbpf", "b/case/kernel/libbpf"));
}

TEST(Accept, replaces_what_this_run_found_out_and_keeps_the_rest) {
  const std::string other = "k-4.18/case/kernel/libbpf";
  const Baseline before =
      accept({}, {outcome(StageResult::ok), outcome(StageResult::ok, other)}, {}, nullptr, false);
  const Outcome now = outcome(StageResult::failed);
  const Baseline kept = accept(before, {now}, {now.cell}, nullptr, false);
  EXPECT_EQ(kept.at(kCell)[0].sign, Sign::failed);
  EXPECT_EQ(kept.at(other), before.at(other));
  EXPECT_EQ(accept(before, {now}, {now.cell}, nullptr, true).size(), 1U);
}

TEST(Accept, a_line_is_rewritten_only_for_what_is_worth_a_word) {
  const auto with_insns = [](std::uint64_t insns) {
    Outcome one = outcome(StageResult::ok);
    one.programs[0].load.stats.insns = insns;
    return one;
  };
  const Baseline before = baseline_of(with_insns(1000));
  const auto accepted = [&](std::uint64_t insns) {
    return accept(before, {with_insns(insns)}, {kCell}, nullptr, false).at(kCell)[0].insns;
  };
  EXPECT_EQ(accepted(1050), 1000U);
  EXPECT_EQ(accepted(950), 1000U);
  EXPECT_EQ(accepted(2000), 2000U);
  EXPECT_EQ(accepted(500), 500U);
}

TEST(Accept, a_record_that_names_a_program_twice_or_not_at_all_is_no_bad_baseline) {
  Outcome odd = outcome(StageResult::ok);
  odd.programs.push_back(odd.programs.front());
  odd.programs.back().load.stage.result = StageResult::failed;
  odd.programs.push_back({});
  const Baseline baseline = baseline_of(odd);
  ASSERT_EQ(baseline.at(kCell).size(), 1U);
  EXPECT_EQ(baseline.at(kCell)[0].sign, Sign::loaded);
}

TEST(Accept, what_could_not_be_found_out_stays_as_it_was) {
  const Baseline before = baseline_of(outcome(StageResult::ok));
  EXPECT_EQ(accept(before, {unavailable()}, {kCell}, nullptr, true), before);
  EXPECT_THAT(baseline_of(unavailable()), IsEmpty());
}

}  // namespace
}  // namespace bpfmatrix

#include "analysis/expect/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/testing/good_outcome.h"
#include "base/json.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<ExpectationRule> rules_of(const char* json) {
  const Result<std::vector<ExpectationRule>> read =
      read_expectations(*parse_json(json, "f"), "expect");
  EXPECT_TRUE(read) << json;
  return read ? *read : std::vector<ExpectationRule>{};
}

Outcome refused_at_load() {
  Outcome outcome = good_outcome();
  ProgramOutcome& program = outcome.programs[1];
  program.load.stage = kRefused;
  program.load.log_tail = "0: (85) call unknown#999\ninvalid func unknown#999\n";
  program.attach.stage = {};
  return outcome;
}

Outcome refused_at_open() {
  Outcome outcome = good_outcome();
  outcome.open = {StageResult::failed, "", "no"};
  outcome.relocate.stage = {};
  outcome.maps.clear();
  outcome.programs.clear();
  return outcome;
}

Outcome ended(End end) {
  Outcome outcome = good_outcome();
  outcome.end = end;
  outcome.end_reason = "a reason";
  return outcome;
}

CellVerdict judged(const Outcome& outcome, const char* json) {
  return judge(outcome, rules_of(json), condition_facts(outcome));
}

/// "second: cause: wanted a|b, got c"
std::vector<std::string> mismatches(const CellVerdict& verdict) {
  std::vector<std::string> lines;
  for (const Mismatch& one : verdict.mismatches) {
    std::string wanted;
    for (const std::string& word : one.wanted) wanted += (wanted.empty() ? "" : "|") + word;
    lines.push_back(one.program + ": " + one.field + ": wanted " + wanted + ", got " + one.got);
  }
  return lines;
}

std::vector<std::string> doubts(const CellVerdict& verdict) {
  std::vector<std::string> lines;
  for (const Doubt& one : verdict.doubts) lines.push_back(one.program + ": " + one.reason);
  return lines;
}

TEST(Judge, every_verdict_reads_back_from_its_name) {
  for (const Verdict verdict :
       {Verdict::as_expected, Verdict::unexpected, Verdict::unsure, Verdict::unavailable}) {
    EXPECT_FALSE(to_string(verdict).empty());
    EXPECT_EQ(parse_word<Verdict>(to_string(verdict)), verdict);
  }
  EXPECT_EQ(parse_word<Verdict>("as expected"), std::nullopt);
}

struct JudgedRow {
  const char* what;
  Outcome outcome;
  const char* rules;
  Verdict verdict;
};

TEST(Judge, one_verdict_for_each_outcome_and_rule) {
  const JudgedRow rows[] = {
      {"all fields that an outcome has", good_outcome(),
       R"([{"end":"completed","open":"ok","maps":"ok","relocate":"ok",
            "load":"ok","cause":"none","attach":"ok"}])",
       Verdict::as_expected},
      {"one word of several", good_outcome(), R"([{"attach":["failed","ok"]}])",
       Verdict::as_expected},
      {"a program that fails", refused_at_load(), R"([{"load":"ok"}])", Verdict::unexpected},
      {"the failure that is expected", refused_at_load(),
       R"([{"program":"second","load":"failed","cause":"helper_unknown","attach":"not_reached"},
           {"load":"ok"}])",
       Verdict::as_expected},
      {"another cause", refused_at_load(),
       R"([{"program":"second","load":"failed","cause":"license"},{"load":"ok"}])",
       Verdict::unexpected},
      {"a success where a failure is expected", good_outcome(), R"([{"load":"failed"}])",
       Verdict::unexpected},
      {"the first rule that holds decides", good_outcome(),
       R"([{"when":"kernel < 5.8","load":"failed"},{"load":"ok"},{"load":"failed"}])",
       Verdict::as_expected},
      {"no rule at all", good_outcome(), "[]", Verdict::unsure},
      {"no rule for one of the programs", good_outcome(), R"([{"program":"first","load":"ok"}])",
       Verdict::unsure},
      {"a mismatch outweighs a doubt", good_outcome(), R"([{"program":"first","load":"failed"}])",
       Verdict::unexpected},
      {"a condition that cannot be answered", good_outcome(),
       R"j([{"when":"has(bpf_loop)","load":"ok"},{"load":"ok"}])j", Verdict::unsure},
      {"a condition whose answer does not matter", good_outcome(),
       R"j([{"when":"kernel >= 5.17 or has(bpf_loop)","load":"ok"}])j", Verdict::as_expected},
      {"runs that nothing counted", good_outcome(), R"([{"load":"ok","fired":"yes"}])",
       Verdict::unsure},
      {"relocations that the program does not have", good_outcome(),
       R"([{"relocations":"resolved"}])", Verdict::unexpected},
      {"one observed value", good_outcome(), R"([{"observed":{"pid":"right"}}])", Verdict::unsure},
      {"an object that does not open", refused_at_open(), R"([{"load":"ok"}])",
       Verdict::unexpected},
      {"an object that is not to open", refused_at_open(),
       R"([{"open":"failed","cause":"loader_refused"}])", Verdict::as_expected},
      {"rules for programs say nothing of the object", refused_at_open(),
       R"([{"program":"first","open":"failed"}])", Verdict::unsure},
      {"a machine that is gone", ended(End::lost), R"([{"load":"ok"}])", Verdict::unsure},
      {"a machine that hangs", ended(End::hung), R"([{"load":"failed"}])", Verdict::unsure},
      {"a machine that is to hang", ended(End::hung), R"([{"end":"hung"}])", Verdict::as_expected},
      {"a panic", ended(End::panicked), R"([{"load":"ok"}])", Verdict::unexpected},
      {"a panic that is wanted", ended(End::panicked), R"([{"end":"panicked","load":"ok"}])",
       Verdict::as_expected},
      {"a panic that does not come", good_outcome(), R"([{"end":"panicked"}])",
       Verdict::unexpected},
      {"an unavailable kernel", ended(End::unavailable), R"([{"load":"failed"}])",
       Verdict::unavailable},
      {"an unavailable kernel, and no rule", ended(End::unavailable), "[]", Verdict::unavailable},
      {"an unavailable kernel, as expected", ended(End::unavailable), R"([{"end":"unavailable"}])",
       Verdict::as_expected},
  };
  for (const JudgedRow& row : rows) {
    EXPECT_EQ(to_string(judged(row.outcome, row.rules).verdict), to_string(row.verdict))
        << row.what;
  }
}

TEST(Judge, a_mismatch_says_where_what_and_why) {
  const CellVerdict verdict =
      judged(refused_at_load(),
             R"([{"load":"ok","cause":["none","license"],"attach":"ok","because":"5.8"}])");
  EXPECT_THAT(mismatches(verdict),
              ElementsAre("second: attach: wanted ok, got not_reached",
                          "second: cause: wanted none|license, got helper_unknown",
                          "second: load: wanted ok, got failed"));
  EXPECT_EQ(verdict.mismatches[0].because, "5.8");
  EXPECT_THAT(doubts(verdict), IsEmpty());
}

TEST(Judge, an_unexpected_end_is_the_only_mismatch) {
  const CellVerdict verdict =
      judged(ended(End::panicked), R"([{"program":"first","load":"failed"},{"end":"panicked"}])");
  EXPECT_THAT(mismatches(verdict), ElementsAre("first: end: wanted completed, got panicked"));
}

TEST(Judge, a_doubt_says_what_could_not_be_told) {
  EXPECT_THAT(doubts(judged(good_outcome(),
                            R"j([{"program":"first","when":"config(BPF_LSM)","load":"ok"},
                                {"program":"second","fired":"yes","observed":{"pid":"right"}}])j")),
              ElementsAre("first: not known whether 'config(BPF_LSM)' holds",
                          "second: not known: 'fired'", "second: not known: 'observed.pid'"));
  EXPECT_THAT(doubts(judged(ended(End::lost), R"([{"program":"first","load":"ok"}])")),
              ElementsAre("first: lost: a reason", "second: no expectation"));
}

TEST(Judge, a_cause_that_nobody_knows_is_a_doubt) {
  Outcome outcome = refused_at_load();
  outcome.programs[1].load.log_tail = "something nobody has seen\n";
  const CellVerdict verdict = judged(outcome, R"([{"cause":["none","helper_unknown"]}])");
  EXPECT_EQ(verdict.verdict, Verdict::unsure);
  EXPECT_THAT(doubts(verdict), ElementsAre("second: not known: 'cause'"));
}

TEST(Judge, a_map_that_fails_counts_for_all_of_them) {
  Outcome outcome = good_outcome();
  outcome.maps.push_back({"strange", "unknown", kRefused});
  EXPECT_EQ(judged(outcome, R"([{"maps":"failed"}])").verdict, Verdict::as_expected);
  outcome.maps.clear();
  EXPECT_EQ(judged(outcome, R"([{"maps":"not_reached"}])").verdict, Verdict::as_expected);
}

/// The first program has these relocations.
Outcome relocated(const std::vector<RelocationResult>& results) {
  Outcome outcome = good_outcome();
  for (const RelocationResult result : results) {
    outcome.programs[0].relocations.push_back(
        {.local = "struct task_struct::tgid", .result = result, .reason = "no BTF"});
  }
  return outcome;
}

TEST(Judge, the_gravest_relocation_stands_for_the_program) {
  using enum RelocationResult;
  const struct {
    std::vector<RelocationResult> results;
    const char* word;
  } rows[] = {{{}, "none"},
              {{unchanged}, "unchanged"},
              {{resolved, unchanged}, "resolved"},
              {{resolved, poisoned, unchanged}, "poisoned"},
              {{skipped, poisoned}, "skipped"},
              {{failed, skipped}, "failed"}};
  for (const auto& row : rows) {
    for (const char* wanted : {"none", "unchanged", "resolved", "poisoned", "skipped", "failed"}) {
      const std::string rule =
          std::string(R"([{"program":"first","relocations":")") + wanted + R"("},{"load":"ok"}])";
      EXPECT_EQ(judged(relocated(row.results), rule.c_str()).verdict,
                row.word == std::string(wanted) ? Verdict::as_expected : Verdict::unexpected)
          << row.word << " against " << wanted;
    }
  }
}

TEST(Judge, loaded_with_skipped_relocations_is_no_pass_unless_a_rule_wants_it) {
  const Outcome outcome = relocated({RelocationResult::resolved, RelocationResult::skipped});
  const CellVerdict verdict = judged(outcome, R"([{"load":"ok"}])");
  EXPECT_EQ(verdict.verdict, Verdict::unexpected);
  EXPECT_THAT(mismatches(verdict),
              ElementsAre("first: relocations: wanted not skipped, got skipped"));
  EXPECT_EQ(verdict.mismatches[0].because,
            "loaded, and 'struct task_struct::tgid' still has the compiler's value: no BTF");
  EXPECT_EQ(judge(outcome, default_expectations(), condition_facts(outcome)).verdict,
            Verdict::unexpected);
  EXPECT_EQ(judged(outcome, R"([{"load":"ok","relocations":["skipped","none"]}])").verdict,
            Verdict::as_expected);
}

TEST(Judge, a_program_that_was_not_loaded_harms_nobody_with_skipped_relocations) {
  Outcome outcome = relocated({RelocationResult::skipped});
  outcome.programs[0].load.stage = {};
  EXPECT_EQ(judged(outcome, R"([{"program":"first","load":"not_reached"},{"load":"ok"}])").verdict,
            Verdict::as_expected);
}

TEST(Judge, a_cross_check_that_disagrees_is_a_doubt_whatever_is_expected) {
  Outcome outcome = relocated({RelocationResult::resolved, RelocationResult::resolved});
  RelocationRecord& record = outcome.programs[0].relocations[1];
  record.index = 1;
  record.cross_check = CrossCheck::disagrees;
  record.cross_check_note = "sent imm 4, calculated imm 8";
  for (const char* rule : {R"([{"load":"ok"}])", R"([{"relocations":["resolved","none"]}])"}) {
    const CellVerdict verdict = judged(outcome, rule);
    EXPECT_EQ(verdict.verdict, Verdict::unsure);
    EXPECT_THAT(
        doubts(verdict),
        ElementsAre("first: the cross-check of relocation 1 (struct task_struct::tgid) disagrees: "
                    "sent imm 4, calculated imm 8"));
  }
}

TEST(Judge, of_an_object_of_which_nothing_was_said_nobody_can_say_that_it_loads) {
  Outcome outcome = good_outcome();
  outcome.programs.clear();
  outcome.maps.clear();
  EXPECT_EQ(judged(outcome, R"([{"open":"ok","load":"ok"}])").verdict, Verdict::unsure);
}

/// The first program ran and read fd wrong, the second never ran.
Outcome wrong_read() {
  Outcome outcome = good_outcome();
  outcome.programs[0].run.fired = 1;
  outcome.programs[0].run.arguments = ArgumentsSeen::wrong;
  outcome.programs[1].run.run_cnt = 0;
  outcome.observed = {{"fd__first", Scalar(), Scalar(), ObservedResult::wrong},
                      {"pid__first", Scalar(), Scalar(), ObservedResult::right},
                      {"rc", Scalar(), std::nullopt, ObservedResult::unknown}};
  return outcome;
}

TEST(Judge, what_came_of_a_run_is_compared_with_the_rules) {
  const CellVerdict verdict = judged(wrong_read(), R"([
      {"program":"first","fired":"yes","arguments":"direct",
       "observed":{"fd__first":"wrong","pid__first":"right","rc":"right"}},
      {"fired":"yes","observed":"absent"}])");
  EXPECT_THAT(mismatches(verdict), ElementsAre("first: arguments: wanted direct, got wrong",
                                               "second: fired: wanted yes, got no"));
  EXPECT_THAT(doubts(verdict),
              ElementsAre("first: not known: 'observed.rc'", "second: not known: 'observed'"));
}

TEST(Judge, a_wrong_read_passes_only_where_a_rule_speaks_of_it) {
  const char* const silent[] = {
      R"([{"load":"ok"}])",
      R"([{"observed":{"pid__first":"right"},"program":"first"},{"load":"ok"}])"};
  for (const char* json : silent) {
    EXPECT_THAT(mismatches(judged(wrong_read(), json)),
                ElementsAre("first: observed.fd__first: wanted right, got wrong"));
  }
  for (const char* json :
       {R"([{"program":"first","observed":"wrong"},{"load":"ok"}])",
        R"([{"program":"first","observed":{"fd__first":"wrong"}},{"load":"ok"}])"}) {
    EXPECT_EQ(judged(wrong_read(), json).verdict, Verdict::as_expected) << json;
  }
}

TEST(Judge, an_object_of_ones_own_need_not_fire_and_must_not_read_wrong) {
  Outcome outcome = good_outcome();
  outcome.programs[0].run.fired = 0;
  const auto verdict = [&] {
    return judge(outcome, default_expectations(), condition_facts(outcome)).verdict;
  };
  EXPECT_EQ(verdict(), Verdict::as_expected);
  outcome.observed = {{"pid", Scalar(), Scalar(), ObservedResult::wrong}};
  EXPECT_EQ(verdict(), Verdict::unexpected);
}

TEST(Judge, what_is_expected_of_any_object) {
  Outcome outcome = good_outcome();
  EXPECT_EQ(judge(outcome, default_expectations(), condition_facts(outcome)).verdict,
            Verdict::as_expected);
  outcome.programs[0].attach.stage = kRefused;
  EXPECT_EQ(judge(outcome, default_expectations(), condition_facts(outcome)).verdict,
            Verdict::unexpected);
}

TEST(ConditionFactsOfAnOutcome, are_what_was_measured) {
  Outcome outcome = good_outcome();
  const ConditionFacts facts = condition_facts(outcome);
  EXPECT_EQ(facts.kernel, (KernelVersion{6, 1, 0}));
  EXPECT_EQ(facts.arch, "x86_64");
  EXPECT_EQ(facts.btf, "kernel");
  EXPECT_EQ(facts.loader, "libbpf");
  outcome.kernel.btf_present = false;
  EXPECT_EQ(condition_facts(outcome).btf, "none");
  outcome.btf_source = "embedded";
  EXPECT_EQ(condition_facts(outcome).btf, "embedded");
  outcome.kernel.release = "?";
  EXPECT_EQ(condition_facts(outcome).kernel, std::nullopt);
}

TEST(Judge, of_a_group_one_program_has_to_serve_and_the_others_may_fail) {
  const std::vector<OneOf> group{{"second", "first"}};
  const Expectations one_serves(default_expectations(), group);
  const Outcome refused = refused_at_load();
  EXPECT_EQ(judge(refused, one_serves, condition_facts(refused)).verdict, Verdict::as_expected);
  EXPECT_EQ(judge(refused, default_expectations(), condition_facts(refused)).verdict,
            Verdict::unexpected)
      << "without the group";
  EXPECT_EQ(serving(group[0], refused)->name, "first");

  Outcome none = refused;
  none.programs[0].load.stage = {};
  none.programs[0].left_out = true;
  const CellVerdict verdict = judge(none, one_serves, condition_facts(none));
  EXPECT_EQ(verdict.verdict, Verdict::unexpected) << "left out, and nothing in its place";
  EXPECT_EQ(serving(group[0], none), nullptr);
  ASSERT_FALSE(verdict.mismatches.empty());
  EXPECT_EQ(text_of(verdict.mismatches.back()), "one_of: wanted second or first, got none");
}

TEST(Judge, what_the_guest_lacks_is_not_known_and_no_failure_of_the_kernel) {
  Outcome outcome = good_outcome();
  outcome.programs[1].attach.stage = {
      StageResult::failed, "ENOENT",
      "elf: failed to open /usr/lib/libssl.so.3: No such file or directory"};
  const CellVerdict verdict = judge(outcome, default_expectations(), condition_facts(outcome));
  EXPECT_EQ(verdict.verdict, Verdict::unsure);
  ASSERT_EQ(verdict.doubts.size(), 1U);
  EXPECT_EQ(verdict.doubts[0].reason, "attach: file not in the guest");
}

TEST(Judge, maps_alone_are_an_object_and_it_goes_well_when_they_are_made) {
  Outcome outcome = good_outcome();
  outcome.programs.clear();
  EXPECT_EQ(judge(outcome, default_expectations(), condition_facts(outcome)).verdict,
            Verdict::as_expected);
  outcome.maps.push_back({"second", "hash", kRefused});
  EXPECT_EQ(judge(outcome, default_expectations(), condition_facts(outcome)).verdict,
            Verdict::unexpected);
  outcome.maps.clear();
  EXPECT_EQ(judge(outcome, default_expectations(), condition_facts(outcome)).verdict,
            Verdict::unsure)
      << "nothing is known of it";
}

TEST(Judge, where_every_program_is_left_out_nothing_is_known) {
  Outcome outcome = good_outcome();
  for (ProgramOutcome& program : outcome.programs) {
    program.load.stage = program.attach.stage = {};
    program.left_out = true;
  }
  EXPECT_EQ(judge(outcome, default_expectations(), condition_facts(outcome)).verdict,
            Verdict::unsure);
  outcome.programs[0] = good_outcome().programs[0];
  EXPECT_EQ(judge(outcome, default_expectations(), condition_facts(outcome)).verdict,
            Verdict::as_expected);
}

TEST(Judge, a_cell_that_was_not_set_up_as_asked_never_passes) {
  Outcome outcome = good_outcome();
  outcome.not_set_up = {{"/proc/sys/kernel/x: No such file or directory"}};
  const CellVerdict verdict = judge(outcome, default_expectations(), condition_facts(outcome));
  EXPECT_EQ(verdict.verdict, Verdict::unsure);
  ASSERT_EQ(verdict.doubts.size(), 1U);
  EXPECT_EQ(verdict.doubts[0].reason, "not set up: /proc/sys/kernel/x: No such file or directory");
}

TEST(Judge, where_what_was_to_share_the_kernel_is_not_there_nothing_is_known) {
  Outcome outcome = good_outcome();
  const StageOutcome failed{StageResult::failed, "EINVAL", "no"};
  outcome.beside = {{{"first", "on_packet", failed, "xdp", "lo", {}}}};
  const CellVerdict verdict = judge(outcome, default_expectations(), condition_facts(outcome));
  EXPECT_EQ(verdict.verdict, Verdict::unsure);
  ASSERT_EQ(verdict.doubts.size(), 1U);
  EXPECT_EQ(verdict.doubts[0].reason, "not there beside it: first:on_packet: EINVAL: no");
  outcome.beside->front().stage = {};
  EXPECT_EQ(judge(outcome, default_expectations(), condition_facts(outcome)).verdict,
            Verdict::unsure)
      << "nobody said what became of it";
  outcome.beside->front().stage = kOk;
  EXPECT_EQ(judge(outcome, default_expectations(), condition_facts(outcome)).verdict,
            Verdict::as_expected);
}

}  // namespace
}  // namespace bpfmatrix

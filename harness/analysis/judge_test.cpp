#include "analysis/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<ExpectationRule> rules(const char* json) {
  const Result<std::vector<ExpectationRule>> read =
      read_expectations(*parse_json(json, "f"), "expect");
  EXPECT_TRUE(read) << json;
  return read ? *read : std::vector<ExpectationRule>{};
}

const StageOutcome kOk{StageResult::ok};
const StageOutcome kRefused{StageResult::refused, "EINVAL", ""};

/// Two programs on 6.1, loaded and attached.
Outcome good_outcome() {
  Outcome outcome;
  outcome.kernel.release = "6.1.0-50-cloud-amd64";
  outcome.kernel.arch = "x86_64";
  outcome.kernel.btf_present = true;
  outcome.btf_source = "kernel";
  outcome.loader = "libbpf";
  outcome.end = End::completed;
  outcome.open = kOk;
  outcome.relocation.stage = kOk;
  outcome.maps = {{"events", "ringbuf", kOk}};
  for (const char* name : {"first", "second"}) {
    ProgramOutcome program;
    program.name = name;
    program.load.stage = kOk;
    program.attach.stage = kOk;
    outcome.programs.push_back(program);
  }
  return outcome;
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
  outcome.open = {StageResult::refused, "", "no"};
  outcome.relocation.stage = {};
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
  return judge(outcome, rules(json), condition_facts(outcome));
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
  for (const Verdict verdict : kVerdicts) {
    EXPECT_FALSE(to_string(verdict).empty());
    EXPECT_EQ(parse_verdict(to_string(verdict)), verdict);
  }
  EXPECT_EQ(parse_verdict("as expected"), std::nullopt);
}

struct Row {
  const char* what;
  Outcome outcome;
  const char* rules;
  Verdict verdict;
};

TEST(Judge, one_verdict_for_each_outcome_and_rule) {
  const Row rows[] = {
      {"all fields that an outcome has", good_outcome(),
       R"([{"end":"completed","open":"opened","maps":"created","relocate":"applied",
            "load":"accepted","cause":"none","attach":"attached"}])",
       Verdict::as_expected},
      {"one word of several", good_outcome(), R"([{"attach":["refused","attached"]}])",
       Verdict::as_expected},
      {"a program that is refused", refused_at_load(), R"([{"load":"accepted"}])",
       Verdict::unexpected},
      {"the refusal that is expected", refused_at_load(),
       R"([{"program":"second","load":"refused","cause":"helper_unknown","attach":"not_tried"},
           {"load":"accepted"}])",
       Verdict::as_expected},
      {"another cause", refused_at_load(),
       R"([{"program":"second","load":"refused","cause":"licence"},{"load":"accepted"}])",
       Verdict::unexpected},
      {"a success where a refusal is expected", good_outcome(), R"([{"load":"refused"}])",
       Verdict::unexpected},
      {"the first rule that holds decides", good_outcome(),
       R"([{"when":"kernel < 5.8","load":"refused"},{"load":"accepted"},{"load":"refused"}])",
       Verdict::as_expected},
      {"no rule at all", good_outcome(), "[]", Verdict::unsure},
      {"no rule for one of the programs", good_outcome(),
       R"([{"program":"first","load":"accepted"}])", Verdict::unsure},
      {"a mismatch outweighs a doubt", good_outcome(), R"([{"program":"first","load":"refused"}])",
       Verdict::unexpected},
      {"a condition that nobody can answer", good_outcome(),
       R"j([{"when":"has(bpf_loop)","load":"accepted"},{"load":"accepted"}])j", Verdict::unsure},
      {"a condition whose answer does not matter", good_outcome(),
       R"j([{"when":"kernel >= 5.17 or has(bpf_loop)","load":"accepted"}])j", Verdict::as_expected},
      {"a field that the outcome does not have", good_outcome(),
       R"([{"load":"accepted","hit":"yes"}])", Verdict::unsure},
      {"one observed value", good_outcome(), R"([{"observed":{"pid":"right"}}])", Verdict::unsure},
      {"an object that does not open", refused_at_open(), R"([{"load":"accepted"}])",
       Verdict::unexpected},
      {"an object that is not to open", refused_at_open(),
       R"([{"open":"refused","cause":"loader_refused"}])", Verdict::as_expected},
      {"rules for programs say nothing of the object", refused_at_open(),
       R"([{"program":"first","open":"refused"}])", Verdict::unsure},
      {"a machine that is gone", ended(End::lost), R"([{"load":"accepted"}])", Verdict::unsure},
      {"a machine that hangs", ended(End::hung), R"([{"load":"refused"}])", Verdict::unsure},
      {"a machine that is to hang", ended(End::hung), R"([{"end":"hung"}])", Verdict::as_expected},
      {"a panic", ended(End::panicked), R"([{"load":"accepted"}])", Verdict::unexpected},
      {"a panic that is wanted", ended(End::panicked), R"([{"end":"panicked","load":"accepted"}])",
       Verdict::as_expected},
      {"a panic that does not come", good_outcome(), R"([{"end":"panicked"}])",
       Verdict::unexpected},
      {"a kernel that could not be had", ended(End::unavailable), R"([{"load":"refused"}])",
       Verdict::unavailable},
      {"a kernel that could not be had, and no rule", ended(End::unavailable), "[]",
       Verdict::unavailable},
      {"a kernel that cannot be had, as expected", ended(End::unavailable),
       R"([{"end":"unavailable"}])", Verdict::as_expected},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(to_string(judged(row.outcome, row.rules).verdict), to_string(row.verdict))
        << row.what;
  }
}

TEST(Judge, a_mismatch_says_where_what_and_why) {
  const CellVerdict verdict = judged(
      refused_at_load(),
      R"([{"load":"accepted","cause":["none","licence"],"attach":"attached","because":"5.8"}])");
  EXPECT_THAT(mismatches(verdict),
              ElementsAre("second: attach: wanted attached, got not_tried",
                          "second: cause: wanted none|licence, got helper_unknown",
                          "second: load: wanted accepted, got refused"));
  EXPECT_EQ(verdict.mismatches[0].because, "5.8");
  EXPECT_THAT(doubts(verdict), IsEmpty());
}

TEST(Judge, an_unexpected_end_is_the_only_mismatch) {
  const CellVerdict verdict =
      judged(ended(End::panicked), R"([{"program":"first","load":"refused"},{"end":"panicked"}])");
  EXPECT_THAT(mismatches(verdict), ElementsAre("first: end: wanted completed, got panicked"));
}

TEST(Judge, a_doubt_says_what_could_not_be_told) {
  EXPECT_THAT(doubts(judged(good_outcome(),
                            R"j([{"program":"first","when":"config(BPF_LSM)","load":"accepted"},
                                {"program":"second","hit":"yes","observed":{"pid":"right"}}])j")),
              ElementsAre("first: cannot tell whether 'config(BPF_LSM)' holds",
                          "second: cannot tell 'hit'", "second: cannot tell 'observed.pid'"));
  EXPECT_THAT(doubts(judged(ended(End::lost), R"([{"program":"first","load":"accepted"}])")),
              ElementsAre("first: lost: a reason", "second: no expectation"));
}

TEST(Judge, a_cause_that_nobody_knows_is_a_doubt) {
  Outcome outcome = refused_at_load();
  outcome.programs[1].load.log_tail = "something nobody has seen\n";
  const CellVerdict verdict = judged(outcome, R"([{"cause":["none","helper_unknown"]}])");
  EXPECT_EQ(verdict.verdict, Verdict::unsure);
  EXPECT_THAT(doubts(verdict), ElementsAre("second: cannot tell 'cause'"));
}

TEST(Judge, a_map_that_is_refused_counts_for_all_of_them) {
  Outcome outcome = good_outcome();
  outcome.maps.push_back({"strange", "unknown", kRefused});
  EXPECT_EQ(judged(outcome, R"([{"maps":"refused"}])").verdict, Verdict::as_expected);
  outcome.maps.clear();
  EXPECT_EQ(judged(outcome, R"([{"maps":"not_tried"}])").verdict, Verdict::as_expected);
}

TEST(Judge, of_an_object_without_programs_nobody_can_say_that_they_load) {
  Outcome outcome = good_outcome();
  outcome.programs.clear();
  EXPECT_EQ(judged(outcome, R"([{"open":"opened","load":"accepted"}])").verdict, Verdict::unsure);
}

TEST(Judge, what_is_expected_of_any_object) {
  Outcome outcome = good_outcome();
  EXPECT_EQ(judge(outcome, default_expectations(), condition_facts(outcome)).verdict,
            Verdict::as_expected);
  outcome.programs[0].attach.stage = kRefused;
  EXPECT_EQ(judge(outcome, default_expectations(), condition_facts(outcome)).verdict,
            Verdict::unexpected);
}

TEST(Judge, a_command_that_ends_badly_by_itself_is_not_what_anybody_expects) {
  Outcome outcome = good_outcome();
  outcome.command = {"./app", 0, {}, {}, 0};
  EXPECT_EQ(judge(outcome, default_expectations(), {}).verdict, Verdict::as_expected);
  outcome.command = {"./app", {}, 2, 2, 0};
  EXPECT_EQ(judge(outcome, default_expectations(), {}).verdict, Verdict::as_expected)
      << "told to end by SIGINT, it ended so";
  outcome.command = {"./app", 1, {}, {}, 0};
  const CellVerdict verdict = judge(outcome, default_expectations(), {});
  EXPECT_EQ(verdict.verdict, Verdict::unexpected);
  EXPECT_EQ(verdict.mismatches.at(0).field, "command");
  EXPECT_EQ(verdict.mismatches.at(0).got, "failed");
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

}  // namespace
}  // namespace bpfmatrix

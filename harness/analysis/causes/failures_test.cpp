// Every cause and every rule has a failure on a real kernel behind it. What each is expected to be
// stands in testdata/failures/expected.tsv, written by reading the programs.
#include "analysis/testing/failures.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "analysis/causes/cause_matcher.h"
#include "analysis/testing/kernel_logs.h"
#include "base/file.h"

namespace bpfmatrix {
namespace {

struct Expected {
  std::string symptom{};
  std::string cause{};
  /// Beginning of the kernel's id; empty: any.
  std::string kernel{};
};

std::vector<Expected> all_expected() {
  const auto file = std::filesystem::path(BPFMATRIX_SOURCE_DIR) /
                    "harness/analysis/testdata/failures/expected.tsv";
  const Result<std::string> text = read_file(file, 1 << 20);
  EXPECT_TRUE(text) << text.error().message;
  std::vector<Expected> all;
  std::istringstream lines(text ? *text : "");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    Expected one;
    words >> one.symptom >> one.cause >> one.kernel;
    all.push_back(one);
  }
  return all;
}

std::string expected_cause(const std::vector<Expected>& all, const Outcome& failure) {
  for (const Expected& one : all) {
    if (one.symptom == symptom(failure) && failure.kernel.id.starts_with(one.kernel)) {
      return one.cause;
    }
  }
  return "nobody said what";
}

std::string name(const Outcome& failure) {
  return fmt::format("{} on {}", symptom(failure), failure.kernel.id);
}

/// The rules that the words of a failure match.
class RulesHit {
 public:
  void take(std::string_view errno_name, std::string_view message, std::string_view log) {
    if (const LogEnd end = read_log_end(log); !end.reason.empty()) {
      note(match_verifier_line(errno_name, end.reason));
      return;
    }
    while (!message.empty()) {
      std::string_view line = message.substr(0, message.find('\n'));
      message.remove_prefix(std::min(line.size() + 1, message.size()));
      if (line.starts_with("libbpf: ")) line.remove_prefix(8);
      const std::optional<CauseMatch> match = match_message(errno_name, line);
      note(match);
      if (match) return;
    }
  }
  bool has(const CauseRule& rule) const { return hit_.contains(&rule); }

 private:
  void note(const std::optional<CauseMatch>& match) {
    if (match) hit_.insert(match->rule);
  }
  std::set<const CauseRule*> hit_{};
};

RulesHit rules_hit() {
  RulesHit hit;
  for (const KernelLog& log : kernel_logs()) {
    if (!log.accepted) hit.take(log.errno_name, log.message, log.log);
  }
  for (const Outcome& failure : failures()) {
    const ProgramOutcome& program = program_of(failure);
    for (const StageOutcome& stage : {failure.open, failure.relocate.stage, program.attach.stage}) {
      hit.take(stage.errno_name, stage.message, "");
    }
    hit.take(program.load.stage.errno_name, program.load.stage.message, program.load.log_tail);
    for (const MapOutcome& map : failure.maps)
      hit.take(map.stage.errno_name, map.stage.message, "");
  }
  return hit;
}

TEST(Failures, have_their_right_causes) {
  const std::vector<Expected> all = all_expected();
  for (const Outcome& failure : failures()) {
    const std::optional<Diagnosis> diagnosis = diagnose_program(failure, program_of(failure));
    ASSERT_TRUE(diagnosis) << name(failure);
    EXPECT_EQ(to_string(diagnosis->cause), expected_cause(all, failure)) << name(failure);
  }
}

TEST(Failures, every_expectation_is_met_by_some) {
  std::set<std::string> seen;
  for (const Outcome& failure : failures()) seen.insert(symptom(failure));
  for (const Expected& one : all_expected()) EXPECT_TRUE(seen.contains(one.symptom)) << one.symptom;
}

// A fact from a kernel probe is not in an outcome: kernel_logs.cpp adds it.
TEST(Failures, every_cause_has_one_by_a_real_kernel) {
  std::set<Cause> seen;
  for (const KernelLog& log : kernel_logs()) {
    if (!log.accepted) seen.insert(classify(failure_of(log)).cause);
  }
  for (const Outcome& failure : failures()) {
    seen.insert(diagnose_program(failure, program_of(failure))->cause);
  }
  for (std::size_t i = 0; i < kCauseCount; ++i) {
    const auto cause = static_cast<Cause>(i);
    if (cause == Cause::unknown) continue;  // what a fixture is known to be, it is not
    EXPECT_TRUE(seen.contains(cause)) << to_string(cause);
  }
}

TEST(Failures, every_rule_is_hit_by_a_real_one_or_says_where_it_was_read) {
  const RulesHit hit = rules_hit();
  for (const auto* rules : {&verifier_rules(), &message_rules()}) {
    for (const CauseRule& rule : *rules) {
      EXPECT_EQ(hit.has(rule), rule.read_in.empty()) << rule.pattern << " " << rule.read_in;
    }
  }
}

TEST(Failures, of_the_verifier_name_their_source_line) {
  int with_source = 0;
  for (const Outcome& failure : failures()) {
    const auto diagnosis = diagnose_program(failure, program_of(failure));
    if (diagnosis->source && diagnosis->source->line > 0) ++with_source;
  }
  EXPECT_GE(with_source, 50);
}

}  // namespace
}  // namespace bpfmatrix

#include "history/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;

constexpr std::int64_t kDay = 24 * 3600;

HistoryEntry entry(int day, const std::string& kernel, Sign sign, const std::string& sha = "a",
                   const std::string& cause = "") {
  HistoryEntry entry;
  entry.run = {.id = "run-" + std::to_string(day), .started = day * kDay};
  entry.cell = {.cell = kernel + "/exec.bpf/kernel/libbpf",
                .case_id = "exec.bpf",
                .kernel = kernel,
                .release = "6.1.0",
                .arch = "x86_64",
                .btf = "kernel",
                .loader = "libbpf",
                .object = "/exec.bpf.o",
                .object_sha256 = sha};
  entry.cell.programs = {{.program = "on_exec", .sign = sign, .cause = cause}};
  return entry;
}

HistoryEntry lost(int day, const std::string& kernel) {
  HistoryEntry none = entry(day, kernel, Sign::unknown, "");
  none.cell.programs.clear();
  none.cell.problem = "the kernel is unavailable";
  return none;
}

/// "debian: 5.10 no, 6.1 yes" of the only program.
std::string support_text(const std::vector<HistoryEntry>& entries, const std::string& sha = "") {
  std::string text;
  for (const auto& [program, supports] : support_of(entries, sha)) {
    for (const Support& support : supports) {
      text += support.series + ":";
      for (const Seen& seen : support.seen)
        text += " " + seen.version + " " + std::string(to_string(seen.works));
    }
  }
  return text;
}

TEST(History, an_outcome_is_kept_in_short) {
  Outcome o;
  o.cell = "k/c/kernel/libbpf";
  o.case_id = "c";
  o.kernel.id = "k";
  o.object.sha256 = "abc";
  o.end = End::completed;
  o.open.result = StageResult::ok;
  ProgramOutcome program;
  program.name = "p";
  program.load.stage.result = StageResult::ok;
  program.load.stats.insns = 12;
  o.programs = {program};
  const HistoryCell kept = history_cell(o, Verdict::fixed, nullptr);
  EXPECT_EQ(kept.cell, o.cell);
  EXPECT_EQ(kept.object_sha256, "abc");
  EXPECT_EQ(kept.verdict, Verdict::fixed);
  EXPECT_EQ(kept.problem, "");
  ASSERT_EQ(kept.programs.size(), 1U);
  EXPECT_EQ(kept.programs[0].insns, 12U);
  o.end = End::lost;
  EXPECT_EQ(history_cell(o, Verdict::unsure, nullptr).problem, "lost");
  EXPECT_TRUE(history_cell(o, Verdict::unsure, nullptr).programs.empty());
}

TEST(History, the_last_run_of_each_kernel_says_where_a_program_works) {
  EXPECT_EQ(support_text({entry(1, "debian-5.10-x86_64", Sign::attached),
                          entry(1, "debian-6.1-x86_64", Sign::attached),
                          entry(2, "debian-5.10-x86_64", Sign::failed)}),
            "debian: 5.10 no 6.1 yes");
}

TEST(History, only_one_version_of_an_object_is_looked_at) {
  const std::vector<HistoryEntry> entries{entry(1, "debian-5.10-x86_64", Sign::failed, "old"),
                                          entry(1, "debian-4.19-x86_64", Sign::failed, "old"),
                                          entry(2, "debian-5.10-x86_64", Sign::attached, "new")};
  EXPECT_EQ(support_text(entries), "debian: 5.10 yes") << "4.19 was not tried with it";
  EXPECT_EQ(support_text(entries, "old"), "debian: 4.19 no 5.10 no");
}

TEST(History, that_a_kernel_is_missing_today_takes_nothing_away) {
  EXPECT_EQ(support_text({entry(1, "debian-5.10-x86_64", Sign::attached),
                          lost(2, "debian-5.10-x86_64"), lost(2, "debian-6.1-x86_64")}),
            "debian: 5.10 yes 6.1 unknown");
}

class SeenBefore : public ::testing::Test {
 protected:
  SeenBefore() {
    outcome_.cell = "debian-6.1-x86_64/exec.bpf/kernel/libbpf";
    outcome_.case_id = "exec.bpf";
    outcome_.kernel.id = "debian-6.1-x86_64";
    outcome_.end = End::completed;
    outcome_.open.result = StageResult::ok;
    ProgramOutcome program;
    program.name = "on_exec";
    program.load.stage = {StageResult::failed, "EINVAL", ""};
    program.load.log_tail = "5: (85) call unknown#181\ninvalid func unknown#181\n";
    outcome_.programs = {program};
  }

  std::string seen(const std::vector<HistoryEntry>& earlier, Verdict verdict = Verdict::regressed) {
    RootCause root{.verdict = verdict};
    root.programs = {"exec.bpf:on_exec"};
    root.cells = {outcome_.cell};
    std::vector<RootCause> roots{root};
    const StatesNow now{{outcome_.cell, *cell_state(outcome_)}};
    mark_seen(roots, now, [&](const std::string& cell) {
      EXPECT_EQ(cell, outcome_.cell);
      return earlier;
    });
    return roots[0].seen;
  }

  Outcome outcome_{};
};

TEST_F(SeenBefore, what_no_earlier_run_had_is_first_seen_in_this_one) {
  EXPECT_EQ(seen({entry(1, "debian-6.1-x86_64", Sign::attached),
                  entry(2, "debian-6.1-x86_64", Sign::failed, "a", "license")}),
            "first seen in this run");
}

TEST_F(SeenBefore, what_an_earlier_run_had_is_named_by_its_day) {
  EXPECT_EQ(seen({entry(1, "debian-6.1-x86_64", Sign::attached),
                  entry(2, "debian-6.1-x86_64", Sign::failed, "a", "helper_unknown"),
                  entry(3, "debian-6.1-x86_64", Sign::failed, "a", "helper_unknown")}),
            "seen since 1970-01-03");
  EXPECT_EQ(seen({entry(0, "debian-6.1-x86_64", Sign::failed, "a", "helper_unknown")}),
            "seen before");
}

TEST_F(SeenBefore, of_a_cause_with_cells_that_were_not_looked_at_nothing_is_said) {
  RootCause root{.verdict = Verdict::regressed};
  root.cells = {outcome_.cell, "other"};
  std::vector<RootCause> roots{root};
  mark_seen(roots, {{outcome_.cell, *cell_state(outcome_)}},
            [](const std::string&) { return std::vector<HistoryEntry>(); });
  EXPECT_EQ(roots[0].seen, "");
}

TEST_F(SeenBefore, without_an_earlier_run_that_knows_nothing_is_said) {
  EXPECT_EQ(seen({}), "");
  EXPECT_EQ(seen({lost(1, "debian-6.1-x86_64")}), "");
  EXPECT_EQ(seen({entry(1, "debian-6.1-x86_64", Sign::attached)}, Verdict::fixed), "")
      << "good news need no age";
}

TEST(History, a_day_is_written_as_one) {
  EXPECT_EQ(day_text(0), "");
  EXPECT_EQ(day_text(1'764'533'821), "2025-11-30");
  EXPECT_EQ(day_text(-5), "");
  EXPECT_EQ(day_text(std::numeric_limits<std::int64_t>::max()), "");
}

}  // namespace
}  // namespace bpfmatrix

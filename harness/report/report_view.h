// One view of a run that every format of `report` renders: what each program came to, why, what to
// do, and what is said of it by expectations and baseline. Whatever is in it came from outside:
// formats make it printable, each in its own way.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/expect/judge_run.h"
#include "analysis/expect/root_causes.h"
#include "analysis/sign.h"
#include "outcome/outcome.h"
#include "report/commands.h"

namespace bpfmatrix {

struct ReportProgram {
  /// Empty: the object, where it never came to programs.
  std::string name{};
  std::string section{};
  Sign sign = Sign::unknown;
  /// A word of causes/cause.h, and the sentence; empty: nothing failed.
  std::string cause{};
  std::string sentence{};
  /// Where the verifier stood; absent where that is not known.
  std::optional<SourceLine> source{};
  std::string advice{};
  VerifierStats stats{};
  /// It uses up most of what its kernel's verifier allows.
  bool near_limit = false;
  /// What is not as its rule or the baseline has it; empty: all is.
  std::vector<std::string> troubles{};
};

struct ReportCell {
  std::string cell{};
  std::string case_id{};
  std::string kernel{};
  std::string arch{};
  std::string btf{};
  std::string loader{};
  Verdict verdict = Verdict::as_expected;
  bool optional = false;
  /// It makes the gate fail; at least one of its programs then has troubles.
  bool fails = false;
  End end = End::lost;
  /// Why nothing, or not all, is known; empty: it is.
  std::string problem{};
  std::int64_t wall_ms = 0;
  /// Those before the one that counts.
  std::vector<AttemptOutcome> earlier_attempts{};
  std::vector<ReportProgram> programs{};
  /// The command that runs it once more; empty: it is as expected, or was never run.
  std::string again{};

  bool is_known() const {
    return verdict != Verdict::unsure && verdict != Verdict::unavailable &&
           verdict != Verdict::gone;
  }
};

struct ReportView {
  /// Only named: where to look closer.
  std::string run_dir{};
  /// Sorted by id, so that a run reads the same however its cells ended; what was planned and has
  /// no outcome is among them, and what only the baseline has if it is required.
  std::vector<ReportCell> cells{};
  std::map<Verdict, int> counts{};
  /// Of VerdictSummary.
  int failing = 0;
  int not_known = 0;
  std::vector<RootCause> roots{};
  /// Their kernels, by id.
  std::vector<std::string> kernels{};

  /// All of it in three words: "as expected", "not as it should be".
  std::string_view verdict_text() const;
  /// "1 regressed, 12 as_expected".
  std::string counts_text() const;
};

/// `judged` is what is said of it; nullptr: it is as expected. `kernels` and `features` may be
/// nullptr: then less is known, and no advice given; `again` tells how what is not as expected is
/// run again, nullptr: that is left out.
ReportCell report_cell(const Outcome& outcome, const JudgedCell* judged, RunKernels* kernels,
                       const Features* features, const RunAgain* again = nullptr);
/// Those that have no outcome, because they were planned and not run, or because only the baseline
/// has them and they are required.
std::vector<ReportCell> missing_cells(const VerdictSummary& summary);

/// All but its cells and kernels.
ReportView begin_report_view(const VerdictSummary& summary, std::vector<RootCause> roots,
                             const std::string& run_dir);

/// All at once. `asked` is what the run was asked to do; nullptr: it is not known.
ReportView make_report_view(const std::vector<Outcome>& outcomes, const VerdictSummary& summary,
                            std::vector<RootCause> roots, const std::string& run_dir,
                            RunKernels* kernels = nullptr, const Features* features = nullptr,
                            const RunSpec* asked = nullptr);

}  // namespace bpfmatrix

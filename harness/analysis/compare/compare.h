// What became of a cell since its baseline: better, worse, other. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/compare/program_state.h"
#include "base/kernel_version.h"
#include "base/words.h"

namespace bpfmatrix {

/// From harmless to grave: a cell's is the gravest of its programs'.
enum class Change { none, added, gone, changed, fixed, regressed };
inline constexpr Word<Change> kChangeWords[] = {
    {Change::none, "none"},
    {Change::added, "new", "the baseline does not have it"},
    {Change::gone, "gone", "the baseline has it, and this run does not"},
    {Change::changed, "changed", "as good as before, and not the same"},
    {Change::fixed, "fixed", "better than before"},
    {Change::regressed, "regressed", "worse than before"},
};
constexpr const auto& words_of(Change) { return kChangeWords; }

struct ProgramChange {
  /// Empty: the object.
  std::string program{};
  Change change = Change::none;
  /// "failed (helper_unknown), was attached"; "verifier went through 1312 instructions, was 904".
  std::vector<std::string> what{};
};

/// What is worth a word although nothing broke.
struct Thresholds {
  /// By how much the verifier's instructions must have grown: both of these.
  std::uint64_t insns_percent = 10;
  std::uint64_t insns = 100;
  /// From this share of a limit on, a program is near it.
  std::uint64_t limit_percent = 85;
};

/// What the verifier allows a privileged program, by the kernel's own sources
/// (include/linux/bpf_verifier.h, bpf_common.h and filter.h).
struct Limits {
  /// That it goes through; of the program; bytes.
  std::uint64_t insns = 0;
  std::uint64_t size = 0;
  std::uint64_t stack = 512;  // MAX_BPF_STACK
};
Limits limits_of(const KernelVersion& kernel);

/// One of them is used up to Thresholds::limit_percent at least.
bool is_near_limit(const ProgramState& program, const Limits& limits, std::uint64_t limit_percent);

/// The programs that are not as they were, in the order of the object, then those that are gone.
/// `kernel` is what the limits are taken from; nothing: no limit is known.
std::vector<ProgramChange> compare(const CellState& before, const CellState& now,
                                   const std::optional<KernelVersion>& kernel,
                                   const Thresholds& thresholds = {});

/// Neither is more than noise beside the other: a baseline need not be rewritten for it.
bool reads_the_same(const ProgramState& before, const ProgramState& now,
                    const std::optional<KernelVersion>& kernel, const Thresholds& thresholds = {});

/// The gravest; none: nothing changed.
Change gravest(const std::vector<ProgramChange>& changes);

/// How a sign reads in a sentence: "failed (helper_unknown)", "wrong_reads (fd, port)".
std::string state_text(const ProgramState& state);

}  // namespace bpfmatrix

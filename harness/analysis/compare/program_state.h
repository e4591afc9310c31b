// What of one program's outcome is compared from run to run: how far it came, why no further, and
// what a plain pass hides. Small enough to be one line that people review (baseline.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/sign.h"
#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

struct ProgramState {
  /// Empty: the object, where it never came to programs.
  std::string program{};
  Sign sign = Sign::unknown;
  /// A word of causes/cause.h; empty: nothing failed.
  std::string cause{};
  /// What it was attached to ("__x64_sys_connect"); empty: to nothing that has a name.
  std::string symbol{};
  /// Names of the values that it read wrong, in order.
  std::vector<std::string> wrong{};
  /// Relocations for which this kernel has no value, and which the program does not reach.
  std::uint64_t poisoned = 0;
  /// complaints_of() the cell. The kernel does not say because of which program it complains, so
  /// that a cell's first one bears them. Absent: not known.
  std::optional<std::vector<std::string>> splats{};
  /// Instructions that the verifier went through, bytes of stack, instructions that were loaded;
  /// absent where it is not known.
  std::optional<std::uint64_t> insns{};
  std::optional<std::uint64_t> stack{};
  std::optional<std::uint64_t> size{};

  bool operator==(const ProgramState&) const = default;
};

/// Of a cell: in the order of the object's programs, whose names differ.
using CellState = std::vector<ProgramState>;

/// Nothing: the outcome has no result (the machine was lost, it was never run, two attempts
/// disagree), so there is nothing that later runs could be compared with.
std::optional<CellState> cell_state(const Outcome& outcome, const KernelFacts* kernel = nullptr);

}  // namespace bpfmatrix

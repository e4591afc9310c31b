// What of an outcome must come again for a failure to count as reproduced, and what makes one
// kernel behave differently from another. Times, counts, addresses, the verifier's work and symbols
// that only another kernel names otherwise are none of it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/words.h"
#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// "program 'on_open': load" -> "failed, EINVAL, helper_unknown"; in the order of the stages.
using Behaviour = std::vector<std::pair<std::string, std::string>>;

/// `facts` are what is known of the kernel; nullptr: nothing.
Behaviour behaviour_of(const Outcome& outcome, const KernelFacts* facts);

/// "program 'on_open': load: ok, was failed, EINVAL, helper_unknown", a line each. Empty: the same.
std::vector<std::string> differences(const Behaviour& recorded, const Behaviour& now);

/// An outcome with what is known of the kernel that it comes from.
struct CellAnswer {
  Outcome outcome{};
  const KernelFacts* facts = nullptr;
};

enum class Reproduced { reproduced, different, unavailable };
inline constexpr Word<Reproduced> kReproducedWords[] = {
    {Reproduced::reproduced, "reproduced", "it behaves as recorded"},
    {Reproduced::different, "different", "it does not"},
    {Reproduced::unavailable, "unavailable", "could not tell"},
};
constexpr const auto& words_of(Reproduced) { return kReproducedWords; }

struct Replay {
  Reproduced result = Reproduced::unavailable;
  /// In what it is different.
  std::vector<std::string> differences{};
  /// Why it could not be told; empty: it could.
  std::string why{};
  /// What a person should know beside that: another build of the kernel, attempts that differ,
  /// details that are not the same and decide nothing.
  std::vector<std::string> notes{};
};

/// Of a cell that was recorded and run again. Both may have several answers, the one that counts
/// first, where attempts at it differ: one in common is enough. A machine that was lost, or is
/// unavailable, is no answer, and one that hung only where it did when it was recorded.
Replay compare_replay(const std::vector<CellAnswer>& recorded, const std::vector<CellAnswer>& now);

}  // namespace bpfmatrix

// Whether conditions can hold at all, found by trying: over every kernel version that they tell
// apart, every architecture, BTF source and loader of a case, and both answers to each has(),
// config() and symbol(). Pure, and bounded: what asks too much is `unknown`.
#pragma once

#include <string>
#include <vector>

#include "matrix/condition.h"

namespace bpfmatrix {

/// The words a cell can have. For btf: what there is to relocate against, as conditions mean it.
struct ConditionSpace {
  std::vector<std::string> archs{};
  std::vector<std::string> btf{};
  std::vector<std::string> loaders{};
};

struct SpaceAnswer {
  Ternary answer = Ternary::unknown;
  /// Where it is so, in words of the language: "kernel == 5.8.0 and arch == x86_64 and btf ==
  /// kernel and not has(bpf_loop)". Loaders are named where there are several.
  std::string example{};
};

/// Whether there is a cell for which `wanted` holds and none of `before` does.
SpaceAnswer can_hold(const Condition& wanted, const std::vector<Condition>& before,
                     const ConditionSpace& space);

}  // namespace bpfmatrix

// Holds kernels/features.json against what a kernel was seen to have: a backport, a configuration
// that leaves something out, or an error of the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/causes/features.h"
#include "matrix/condition.h"
#include "outcome/kernel_facts.h"

namespace bpfmatrix {

/// What this kernel says of one feature; `unknown` if it could not be found out.
Ternary has_feature(const Feature& feature, const KernelFacts& facts);
/// The same for a word of has(): a feature's name, or TYPE.HELPER (xdp.bpf_get_current_pid_tgid).
Ternary has_feature(std::string_view name, const Features& features, const KernelFacts& facts);

struct Disagreement {
  const Feature* feature = nullptr;
  /// The kernel has what its version should not; or has not what its version should.
  bool has = false;
};

/// In the order of the file; kernels whose release names no version disagree with nothing.
std::vector<Disagreement> check_features(const Features& features, const KernelFacts& facts);

/// "bpf_loop: came in 5.17, but this kernel has it"
std::string to_string(const Disagreement& disagreement);
/// One line with the counts and the first names; empty where nothing disagrees.
std::string summary(const std::vector<Disagreement>& disagreements);

}  // namespace bpfmatrix

// The names that a program could be attached to on one kernel, and what the kernel knows of each.
#pragma once

#include <string_view>
#include <vector>

#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// The requested symbol first, there or not; then similar symbols that are there: the other entries
/// of the same system call, what the compiler made of a function, the same event in another group.
/// Empty for a method whose targets are no names in the kernel, for patterns, and for no name.
std::vector<AttachCandidate> attach_candidates(std::string_view method, std::string_view asked,
                                               const KernelFacts& facts);

/// Of a program in this section; one that was not attached, so that nothing was requested, is taken
/// by its section.
std::vector<AttachCandidate> candidates_of(std::string_view section, std::string_view method,
                                           std::string_view requested, const KernelFacts& facts);

}  // namespace bpfmatrix

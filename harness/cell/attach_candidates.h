// The names that a program could be attached to on one kernel, and what the kernel knows of each.
#pragma once

#include <string_view>
#include <vector>

#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// The name asked for first, there or not; then what is there by a similar name: the other entries
/// of the same system call, what the compiler made of a function, the same event in another group.
/// Empty for a method whose targets are no names in the kernel, for patterns, and for no name.
std::vector<AttachCandidate> attach_candidates(std::string_view method, std::string_view asked,
                                               const KernelFacts& facts);

/// Adds them to every program of an outcome. A program that came to no attachment is taken by its
/// section.
void add_candidates(Outcome& outcome, const KernelFacts& facts);

}  // namespace bpfmatrix

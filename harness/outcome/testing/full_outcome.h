// For tests: outcomes in which every field is used.
#pragma once

#include <string_view>

#include "outcome/kernel_facts.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

Outcome full_outcome();

/// With this in the place of every text that a stranger's file could have: all that a reader of
/// outcomes takes, texts that are null in the full one among them.
Outcome hostile_outcome(std::string_view text);
/// The same of what is known of a kernel, keys of its lists among them.
KernelFacts hostile_facts(std::string_view text);

}  // namespace bpfmatrix

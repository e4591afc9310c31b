// What is known of a kernel, for a person.
#pragma once

#include <string>

#include "analysis/causes/features.h"
#include "outcome/kernel_facts.h"

namespace bpfmatrix {

/// `features` names the helpers, and says what is claimed of which version.
std::string kernel_text(const KernelFacts& facts, const Features& features);

}  // namespace bpfmatrix
